// Calls a service's operations as the dispatcher does: input validated by the model, and output
// checked to have only members that the model knows, since others would be left out silently.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "api/allow_all.h"
#include "api/call.h"
#include "wire/validate.h"

namespace clary::api {

class TestCaller {
 public:
  TestCaller(Service& service, const Clock& clock) : clock_(clock) {
    principal.kind = identity::Principal::Kind::kAssumedRole;
    principal.account = "000000000000";
    principal.arn = "arn:aws:sts::000000000000:assumed-role/ClaryExecutionRole/local";
    principal.user_id = identity::execution_role_id(principal.account) + ":local";
    principal.name = "ClaryExecutionRole";
    add(service);
  }
  void add(Service& service) {
    const wire::ServiceModel& model = models_.get(service.model_name());
    for (OperationEntry& entry : service.operations()) {
      const wire::Operation* const operation = model.find_operation(entry.name);
      EXPECT_NE(operation, nullptr) << entry.name << " is not in the model";
      entries_.insert_or_assign(std::string(entry.name),
                                Entry{.model = &model, .operation = operation, .entry = entry});
    }
  }

  json::object call(std::string_view name, const json::object& input = {}) {
    const Entry& entry = entries_.at(std::string(name));
    wire::validate(*entry.model, *entry.operation, input);
    Call call{.model = *entry.model,
              .operation = *entry.operation,
              .principal = principal,
              .account = principal.account,
              .region = "us-west-2",
              .request_id = "request",
              .now = clock_.now(),
              .request = request,
              .authorizer = *authority,
              .body = {}};
    json::object output = entry.entry.plain(input, call);
    if (entry.operation->output != nullptr) check(*entry.operation->output, output, name);
    return output;
  }

  // "Code: message" of the error that the call ends with.
  std::string error(std::string_view name, const json::object& input = {}) {
    try {
      call(name, input);
    } catch (const wire::ApiError& failure) {
      return failure.code() + ": " + failure.what();
    }
    return "no error";
  }

  AllowAll authorizer;
  identity::Authorizer* authority = &authorizer;  // who is asked
  identity::Principal principal;
  RequestHead request;

 private:
  struct Entry {
    const wire::ServiceModel* model;
    const wire::Operation* operation;
    OperationEntry entry;
  };

  static void check(const wire::Shape& shape, const json::value& value, std::string_view where) {
    if (shape.kind == wire::ShapeKind::kStructure && value.is_object()) {
      for (const auto& [name, member_value] : value.as_object()) {
        const wire::Member* const member = shape.find_member(name);
        EXPECT_NE(member, nullptr) << where << ": " << name << " is not in " << shape.name;
        if (member != nullptr) check(*member->shape, member_value, where);
      }
    } else if (shape.kind == wire::ShapeKind::kList && value.is_array()) {
      for (const json::value& element : value.as_array()) {
        check(*shape.element.shape, element, where);
      }
    }
  }

  const Clock& clock_;
  wire::Models models_;
  std::map<std::string, Entry> entries_;
};

}  // namespace clary::api
