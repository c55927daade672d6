// PutBucketNotificationConfiguration, GetBucketNotificationConfiguration.
#include "api/s3/notifications.h"
#include "api/s3/request.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

json::object put_configuration(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  const auto* configuration = find_object(input, "NotificationConfiguration");
  if (context.notifications == nullptr) {
    throw ApiError("NotImplemented", "This server sends no event notifications.", 501);
  }
  context.notifications->configure(bucket,
                                   configuration == nullptr ? json::object() : *configuration,
                                   find_bool(input, "SkipDestinationValidation").value_or(false));
  return {};
}

json::object get_configuration(Context& context, const json::object& input, Call& call) {
  const auto bucket = bucket_of(context, input, call);
  return context.notifications == nullptr ? json::object()
                                          : context.notifications->configuration(bucket);
}

}  // namespace

std::vector<OperationEntry> notification_operations(Context& context) {
  const auto plain = [&context](auto function) {
    return [&context, function](const json::object& input, Call& call) {
      return function(context, input, call);
    };
  };
  return {
      {"PutBucketNotificationConfiguration", plain(put_configuration), {}},
      {"GetBucketNotificationConfiguration", plain(get_configuration), {}},
  };
}

}  // namespace clary::api::s3
