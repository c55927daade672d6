// Makes an audit event of each request that the gateway answers.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/trail.h"
#include "base/json.h"
#include "base/request.h"
#include "identity/credentials.h"
#include "wire/model.h"

namespace clary::server {

// What the gateway notes of a request as it goes.
struct AuditNotes {
  const wire::ServiceModel* model = nullptr;
  const wire::Operation* operation = nullptr;
  std::shared_ptr<const identity::AccessKey> key;  // known, and the signature was good
  std::string claimed_key_id, region;
  std::string parameters;
  std::vector<audit::Resource> resources;
  std::string error_code, error_message;
  unsigned status = 0;
};

// Whether an operation only reads, and whether CloudTrail calls it a data event ("Logging data
// events" in its user guide).
bool reads_only(const wire::ServiceModel& model, const wire::Operation& operation);
audit::Category category_of(const wire::ServiceModel& model, const wire::Operation& operation);
// The resources that the input names, by ARN.
std::vector<audit::Resource> resources_of(const wire::ServiceModel& model,
                                          const wire::Operation& operation,
                                          const json::object& input, std::string_view account,
                                          std::string_view region);
// CloudTrail's userIdentity element.
std::shared_ptr<const audit::Identity> identity_of(const identity::AccessKey& key);

// threads: any. Does not block, but for a short lock of one of 16 shards.
class RequestAudit {
 public:
  enum class DataEvents { kOff, kOn };
  RequestAudit(audit::Trail& trail, DataEvents data_events, const Clock& clock)
      : trail_(trail), data_events_(data_events), clock_(clock) {}

  // Throws wire::ApiError when the log can take no more: a change that nobody could account for
  // later is not made. Data events are counted instead.
  void require_room(const AuditNotes& notes) const;
  // Once the input is decoded: parameters and resources.
  void describe(AuditNotes& notes, const json::object& input) const;
  void record(const RequestHead& head, std::string_view request_id, AuditNotes notes);
  // What is no operation of a service: adds when, from where and how.
  void record(const RequestHead& head, std::string_view request_id, audit::Event event);

 private:
  bool wanted(const AuditNotes& notes) const;
  std::shared_ptr<const audit::Identity> identity(
      const std::shared_ptr<const identity::AccessKey>&);

  struct Known {
    std::weak_ptr<const identity::AccessKey> key;  // a changed key is another object
    std::shared_ptr<const audit::Identity> identity;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Known> known;
  };

  audit::Trail& trail_;
  const DataEvents data_events_;
  const Clock& clock_;
  std::array<Shard, 16> shards_;
};

}  // namespace clary::server
