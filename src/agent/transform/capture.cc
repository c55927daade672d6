#include "agent/transform/capture.h"

#include "base/json.h"

namespace clary::agent {

void CaptureManifests::list(Listing& listing, const S3Location& object, const std::string& path) {
  std::string prefix = "s3://" + object.bucket + "/", rest = object.key;
  if (object.key.ends_with(path)) {
    prefix += object.key.substr(0, object.key.size() - path.size());
    rest = path;
  }
  listing[prefix].push_back(rest);
}

void CaptureManifests::add(const InputObject& object, const S3Location& output) {
  list(inputs_, object.from, object.path);
  list(outputs_, output, object.path + ".out");
}

void CaptureManifests::write(S3Client& client, std::string_view folder,
                             const Listing& listing) const {
  const TransformSpec::Capture& capture = *spec_.transform->capture;
  const S3Location base = parse_s3_uri(capture.uri);
  const std::string hour = iso8601(start_);  // 2026-11-22T20:28:40Z
  const std::string place =
      (base.key.empty() || base.key.ends_with('/') ? base.key : base.key + "/") +
      std::string(folder) + "/" + hour.substr(0, 4) + "/" + hour.substr(5, 2) + "/" +
      hour.substr(8, 2) + "/" + hour.substr(11, 2) + "/" + spec_.name + "-" +
      host_of_instance(spec_.instance_index);
  int number = 0;
  for (const auto& [prefix, paths] : listing) {
    json::array manifest{{{"prefix", prefix}}};
    for (const std::string& path : paths) manifest.emplace_back(path);
    const std::string suffix = number++ == 0 ? "" : "-" + std::to_string(number);
    client.put({base.bucket, place + suffix + ".jsonl"}, json::serialize(manifest),
               capture.kms_key);
  }
}

void CaptureManifests::write(S3Client& client) const {
  write(client, "input", inputs_);
  write(client, "output", outputs_);
}

}  // namespace clary::agent
