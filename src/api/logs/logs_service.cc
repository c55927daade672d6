#include "api/logs/logs_service.h"

#include "api/authorize.h"
#include "api/logs/operations.h"

namespace clary::api {

std::vector<OperationEntry> LogsService::operations() {
  const auto on = [this](logs::Operation* operation) -> Plain {
    return [this, operation](const json::object& input, Call& call) {
      return operation(stores_, input, call);
    };
  };
  return {
      {"CreateLogGroup", on(logs::create_log_group), {}},
      {"DeleteLogGroup", on(logs::delete_log_group), {}},
      {"DescribeLogGroups", on(logs::describe_log_groups), {}},
      {"PutRetentionPolicy", on(logs::put_retention_policy), {}},
      {"DeleteRetentionPolicy", on(logs::delete_retention_policy), {}},
      {"TagResource", on(logs::tag_resource), {}},
      {"UntagResource", on(logs::untag_resource), {}},
      {"ListTagsForResource", on(logs::list_tags_for_resource), {}},
      {"TagLogGroup", on(logs::tag_log_group), {}},
      {"UntagLogGroup", on(logs::untag_log_group), {}},
      {"ListTagsLogGroup", on(logs::list_tags_log_group), {}},
      {"CreateLogStream", on(logs::create_log_stream), {}},
      {"DeleteLogStream", on(logs::delete_log_stream), {}},
      {"DescribeLogStreams", on(logs::describe_log_streams), {}},
      {"PutLogEvents", on(logs::put_log_events), {}},
      {"GetLogEvents", on(logs::get_log_events), {}},
      {"FilterLogEvents", on(logs::filter_log_events), {}},
  };
}

void LogsService::add_resource_context(const std::string& resource_arn, const Call&,
                                       identity::Context& context) {
  // Tags are kept under the group's own ARN.
  const std::string group = resource_arn.substr(0, resource_arn.find(":log-stream:"));
  add_resource_tags(stores_.documents.tags(group), "logs", context);
}

}  // namespace clary::api
