#include "server/capture_sinks.h"

#include "base/log.h"

namespace clary::server {

DataCapture::Put capture_files(RoleObjects& objects) {
  return
      [&objects](const engine::CapturePlan& plan, const std::string& key, const std::string& body) {
        objects.put({.account = plan.account,
                     .region = plan.region,
                     .role = plan.role,
                     .bucket = plan.bucket,
                     .key = key,
                     .content_type = "application/jsonlines",
                     .kms_key = plan.kms_key},
                    body);
      };
}

DataCapture::Tell capture_lines(store::LogEvents& logs, const Clock& clock) {
  return [&logs, &clock](const engine::CapturePlan& plan, const std::string& line) {
    spdlog::warn("endpoint {}: {}", plan.endpoint, line);
    logs.append_later({.account = plan.account,
                       .region = plan.region,
                       .group = "/aws/sagemaker/Endpoints/" + plan.endpoint},
                      plan.variant + "/data-capture", {{.time = clock.now(), .message = line}});
  };
}

}  // namespace clary::server
