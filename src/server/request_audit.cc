#include "server/request_audit.h"

#include <algorithm>

#include "audit/event_text.h"
#include "server/redacted.h"
#include "wire/api_error.h"

namespace clary::server {
namespace {

constexpr std::size_t kKnownLimit = 4096;  // of a shard
constexpr std::size_t kMaxHeaderBytes = 1024;
constexpr std::size_t kMaxResources = 50;

template <std::size_t N>
bool starts_with_any(std::string_view text, const std::array<std::string_view, N>& prefixes) {
  return std::ranges::any_of(prefixes, [&](std::string_view p) { return text.starts_with(p); });
}
template <std::size_t N>
bool is_any(std::string_view text, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, text) != names.end();
}

std::string host_of(std::string_view peer) {
  std::string_view host = peer.substr(0, peer.rfind(':'));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

// "training-job" of "TrainingJob"; "ml-flow-..." are as rare as they are odd.
std::string kebab(std::string_view name) {
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool upper = c >= 'A' && c <= 'Z';
    const bool after_lower = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    if (upper && after_lower) text += '-';
    text += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

// "TrainingJob" of "CreateTrainingJob".
std::string_view kind_of(std::string_view operation) {
  constexpr std::array<std::string_view, 8> kVerbs{"Create", "Describe", "Delete", "Update",
                                                   "Start",  "Stop",     "Invoke", "Get"};
  for (const std::string_view verb : kVerbs) {
    if (operation.starts_with(verb)) return operation.substr(verb.size());
  }
  return {};
}

// A member of the input that names a resource, and the resource's ARN behind "arn:aws:".
struct Naming {
  std::string_view service, member, arn, type;
};
constexpr std::array<Naming, 12> kNamings{{
    {"iam", "RoleName", "iam::{account}:role/{}", "AWS::IAM::Role"},
    {"iam", "UserName", "iam::{account}:user/{}", "AWS::IAM::User"},
    {"iam", "GroupName", "iam::{account}:group/{}", "AWS::IAM::Group"},
    {"iam", "PolicyArn", "", "AWS::IAM::Policy"},
    {"sts", "RoleArn", "", "AWS::IAM::Role"},
    {"kms", "KeyId", "kms:{region}:{account}:key/{}", "AWS::KMS::Key"},
    {"kms", "TargetKeyId", "kms:{region}:{account}:key/{}", "AWS::KMS::Key"},
    {"kms", "SourceKeyId", "kms:{region}:{account}:key/{}", "AWS::KMS::Key"},
    {"kms", "DestinationKeyId", "kms:{region}:{account}:key/{}", "AWS::KMS::Key"},
    {"kms", "AliasName", "kms:{region}:{account}:{}", "AWS::KMS::Alias"},
    {"logs", "logGroupName", "logs:{region}:{account}:log-group:{}", "AWS::Logs::LogGroup"},
    {"sagemaker-runtime", "EndpointName", "sagemaker:{region}:{account}:endpoint/{}",
     "AWS::SageMaker::Endpoint"},
}};

std::string filled(std::string_view form, std::string_view account, std::string_view region,
                   std::string_view name) {
  if (form.empty() || name.starts_with("arn:")) return std::string(name);
  std::string text = "arn:aws:";
  for (std::size_t i = 0; i < form.size();) {
    const auto put = [&](std::string_view mark, std::string_view value) {
      if (!form.substr(i).starts_with(mark)) return false;
      text += value;
      i += mark.size();
      return true;
    };
    if (put("{account}", account) || put("{region}", region) || put("{}", name)) continue;
    text += form[i++];
  }
  return text;
}

void add_s3(std::vector<audit::Resource>& resources, const json::object& input) {
  const auto bucket = find_string(input, "Bucket");
  if (!bucket) return;
  const std::string arn = "arn:aws:s3:::" + std::string(*bucket);
  if (const auto key = find_string(input, "Key")) {
    resources.push_back({arn + "/" + std::string(*key), "AWS::S3::Object"});
  }
  resources.push_back({arn, "AWS::S3::Bucket"});
}

void add_sagemaker(std::vector<audit::Resource>& resources, const wire::Operation& operation,
                   const json::object& input, std::string_view account, std::string_view region) {
  const std::string_view kind = kind_of(operation.name);
  const auto name = find_string(input, std::string(kind) + "Name");
  if (!kind.empty() && name) {
    resources.push_back(
        {filled("sagemaker:{region}:{account}:" + kebab(kind) + "/{}", account, region, *name),
         "AWS::SageMaker::" + std::string(kind)});
  }
  for (const auto& [member, value] : input) {
    if (std::string_view(member).ends_with("Arn") && value.is_string() &&
        resources.size() < kMaxResources) {
      const bool role = member == "RoleArn" || member == "ExecutionRoleArn";
      resources.push_back({std::string(value.get_string()), role ? "AWS::IAM::Role" : ""});
    }
  }
}

std::string cut(std::string_view text) {
  return std::string(text.substr(0, kMaxHeaderBytes));
}

void member(std::string& out, std::string_view name, std::string_view value) {
  out += out.size() == 1 ? "\"" : ",\"";
  out += name;
  out += "\":";
  audit::append_json_string(out, value);
}

}  // namespace

bool reads_only(const wire::ServiceModel& model, const wire::Operation& operation) {
  constexpr std::array<std::string_view, 10> kVerbs{"Describe", "List",     "Get",    "Head",
                                                    "Search",   "BatchGet", "Lookup", "Query",
                                                    "Simulate", "Filter"};
  // CloudTrail's examples have readOnly true for these too.
  constexpr std::array<std::string_view, 9> kKms{
      "Decrypt", "Encrypt", "ReEncrypt",   "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
      "Sign",    "Verify",  "GenerateMac", "VerifyMac"};
  if (model.name() == "sts") return true;
  if (model.name() == "kms" && is_any(operation.name, kKms)) return true;
  return starts_with_any(operation.name, kVerbs);
}

audit::Category category_of(const wire::ServiceModel& model, const wire::Operation& operation) {
  constexpr std::array<std::string_view, 5> kS3{"ListObjects", "ListObjectsV2",
                                                "ListObjectVersions", "ListMultipartUploads",
                                                "DeleteObjects"};
  constexpr std::array<std::string_view, 5> kLogs{"PutLogEvents", "GetLogEvents", "FilterLogEvents",
                                                  "PutMetricData", "GetMetricData"};
  const std::string& name = model.name();
  bool data = name == "sagemaker-runtime" || name == "sagemaker-metrics" ||
              name == "sagemaker-featurestore-runtime";
  if (name == "s3") {
    data = is_any(operation.name, kS3) ||
           (operation.input != nullptr && operation.input->find_member("Key") != nullptr);
  }
  if (name == "logs" || name == "cloudwatch") data = is_any(operation.name, kLogs);
  return data ? audit::Category::kData : audit::Category::kManagement;
}

std::vector<audit::Resource> resources_of(const wire::ServiceModel& model,
                                          const wire::Operation& operation,
                                          const json::object& input, std::string_view account,
                                          std::string_view region) {
  std::vector<audit::Resource> resources;
  if (model.name() == "s3") {
    add_s3(resources, input);
    return resources;
  }
  if (model.name() == "sagemaker") add_sagemaker(resources, operation, input, account, region);
  for (const Naming& naming : kNamings) {
    if (naming.service != model.name()) continue;
    const auto name = find_string(input, naming.member);
    if (!name) continue;
    const bool alias = naming.type == "AWS::KMS::Key" && name->starts_with("alias/");
    resources.push_back(
        {filled(alias ? "kms:{region}:{account}:{}" : naming.arn, account, region, *name),
         std::string(naming.type)});
  }
  return resources;
}

std::shared_ptr<const audit::Identity> identity_of(const identity::AccessKey& key) {
  using Kind = identity::Principal::Kind;
  const identity::Principal& who = *key.principal;
  auto made = std::make_shared<audit::Identity>();
  made->account = who.account;
  made->access_key_id = key.id;
  std::string& out = made->json;
  out = "{";
  const bool session = who.kind == Kind::kAssumedRole || who.kind == Kind::kFederatedUser;
  member(out, "type",
         who.kind == Kind::kRoot          ? "Root"
         : who.kind == Kind::kUser        ? "IAMUser"
         : who.kind == Kind::kAssumedRole ? "AssumedRole"
                                          : "FederatedUser");
  member(out, "principalId", who.user_id);
  member(out, "arn", who.arn);
  member(out, "accountId", who.account);
  member(out, "accessKeyId", key.id);
  if (who.kind == Kind::kUser) member(out, "userName", who.name);
  made->user_name = who.kind == Kind::kRoot   ? "root"
                    : who.kind == Kind::kUser ? who.name
                                              : who.arn.substr(who.arn.rfind('/') + 1);
  if (who.kind == Kind::kAssumedRole) {
    std::string issuer = "{";
    member(issuer, "type", "Role");
    member(issuer, "principalId", who.user_id.substr(0, who.user_id.find(':')));
    member(issuer, "arn", "arn:aws:iam::" + who.account + ":role/" + who.name);
    member(issuer, "accountId", who.account);
    member(issuer, "userName", who.name);
    out += ",\"sessionContext\":{\"sessionIssuer\":" + issuer + "}";
  } else if (session) {
    out += ",\"sessionContext\":{";
  }
  if (session) {
    out += out.ends_with('{') ? "\"attributes\":{" : ",\"attributes\":{";
    std::string attributes = "{";
    member(attributes, "creationDate", iso8601(key.created));
    member(attributes, "mfaAuthenticated", "false");
    out += attributes.substr(1) + "}";
    if (!who.source_identity.empty()) {
      out += ",\"sourceIdentity\":";
      audit::append_json_string(out, who.source_identity);
    }
    out += '}';
  }
  out += '}';
  return made;
}

bool RequestAudit::wanted(const AuditNotes& notes) const {
  if (data_events_ == DataEvents::kOn || notes.operation == nullptr) return true;
  return category_of(*notes.model, *notes.operation) == audit::Category::kManagement;
}

void RequestAudit::require_room(const AuditNotes& notes) const {
  if (trail_.has_room()) return;
  if (category_of(*notes.model, *notes.operation) == audit::Category::kData) return;
  throw wire::ApiError("ServiceUnavailable",
                       "The audit log cannot be written (is the disk full?), so nothing is changed "
                       "or shown. The server's log says why.",
                       503);
}

void RequestAudit::describe(AuditNotes& notes, const json::object& input) const {
  if (!wanted(notes)) return;
  notes.parameters = redacted(*notes.operation, input);
  notes.resources = resources_of(*notes.model, *notes.operation, input,
                                 notes.key->principal->account, notes.region);
}

void RequestAudit::record(const RequestHead& head, std::string_view request_id, AuditNotes notes) {
  if (!wanted(notes)) return;
  audit::Event event;
  if (notes.key) {
    event.identity = identity(notes.key);
  } else if (!notes.claimed_key_id.empty()) {
    // Somebody who used that id without being able to prove it.
    auto nobody = std::make_shared<audit::Identity>();
    nobody->json = R"({"type":"Unknown","principalId":"","accountId":"ANONYMOUS_PRINCIPAL")";
    member(nobody->json, "accessKeyId", cut(notes.claimed_key_id));
    nobody->json += '}';
    event.identity = std::move(nobody);
  }
  event.source =
      notes.model == nullptr ? "unknown" : notes.model->signing_name() + ".amazonaws.com";
  event.name = notes.operation == nullptr ? "Unknown" : notes.operation->name;
  event.region = std::move(notes.region);
  event.parameters = std::move(notes.parameters);
  event.resources = std::move(notes.resources);
  event.error_code = std::move(notes.error_code);
  event.error_message = std::move(notes.error_message);
  event.status = notes.status;
  // Requests of nobody known may be left out under pressure: else anyone could stop the server.
  event.category = audit::Category::kData;
  if (notes.operation != nullptr) {
    event.read_only = reads_only(*notes.model, *notes.operation);
    if (notes.key) event.category = category_of(*notes.model, *notes.operation);
  }
  record(head, request_id, std::move(event));
}

void RequestAudit::record(const RequestHead& head, std::string_view request_id,
                          audit::Event event) {
  event.time = clock_.now();
  event.source_address = host_of(head.peer);
  event.user_agent = cut(head.headers.get("User-Agent"));
  event.host = cut(head.headers.get("Host"));
  event.request_id = request_id;
  event.tls = head.tls;
  trail_.add(std::move(event));
}

std::shared_ptr<const audit::Identity> RequestAudit::identity(
    const std::shared_ptr<const identity::AccessKey>& key) {
  Shard& shard = shards_[std::hash<std::string>()(key->id) % shards_.size()];
  const std::lock_guard lock(shard.mutex);
  if (shard.known.size() >= kKnownLimit && !shard.known.contains(key->id)) shard.known.clear();
  Known& known = shard.known[key->id];
  if (!known.identity || known.key.lock() != key) known = {key, identity_of(*key)};
  return known.identity;
}

}  // namespace clary::server
