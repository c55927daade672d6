#include "api/sagemaker/warm_pools.h"

#include <cmath>

#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::size_t kPage = 100;

std::int64_t keep_alive(const json::object& body) {
  const json::value* seconds = at_path(body, "ResourceConfig.KeepAlivePeriodInSeconds");
  return seconds == nullptr ? 0 : seconds->to_number<std::int64_t>();
}

// What two jobs must have alike. The name of the user does not count, the role does.
json::object match_of(const json::object& body) {
  json::object match;
  for (const auto member : {"RoleArn", "VpcConfig", "EnableInterContainerTrafficEncryption",
                            "EnableNetworkIsolation"}) {
    if (const json::value* value = body.if_contains(member)) match[member] = *value;
  }
  if (const json::object* resources = find_object(body, "ResourceConfig")) {
    json::object same = *resources;
    same.erase("KeepAlivePeriodInSeconds");
    match["ResourceConfig"] = std::move(same);
  }
  return match;
}

std::string pool_status(const json::object& body) {
  const json::object* pool = find_object(body, "WarmPoolStatus");
  return pool == nullptr ? "" : string_or(*pool, "Status");
}

}  // namespace

bool wants_pool(const json::object& body) {
  return keep_alive(body) > 0;
}

void mark_pool_in_use(store::Document& job) {
  job.body["WarmPoolStatus"] = {{"Status", "InUse"}};
}

void open_pool(store::Document& job, Timestamp now) {
  job.body["WarmPoolStatus"] = {{"Status", "Available"},
                                {"ResourceRetainedBillableTimeInSeconds", 0}};
  job.internal[kPoolUntil] = epoch_seconds(now) + static_cast<double>(keep_alive(job.body));
}

void close_pool(store::Document& job, const std::string& reused_by, Timestamp now) {
  const auto ended = find_double(job.body, "TrainingEndTime").value_or(epoch_seconds(now));
  const double end = std::min(epoch_seconds(now), epoch_seconds(pool_end(job)));
  json::object pool{{"Status", reused_by.empty() ? "Terminated" : "Reused"},
                    {"ResourceRetainedBillableTimeInSeconds",
                     std::max<std::int64_t>(0, std::llround(std::ceil(end - ended)))}};
  if (!reused_by.empty()) pool["ReusedByJob"] = reused_by;
  job.body["WarmPoolStatus"] = std::move(pool);
  job.internal.erase(kPoolUntil);
}

bool is_pool_open(const store::Document& job) {
  return pool_status(job.body) == "Available";
}

Timestamp pool_end(const store::Document& job) {
  return from_epoch_seconds(find_double(job.internal, kPoolUntil).value_or(0));
}

std::optional<store::Document> find_pool(store::Documents& documents, const store::Document& job,
                                         Timestamp now) {
  if (!wants_pool(job.body)) return std::nullopt;
  const json::object wanted = match_of(job.body);
  store::DocumentQuery query;
  query.kind = job.key.kind;
  query.account = job.key.account;
  query.region = job.key.region;
  query.body_equals = {{"WarmPoolStatus.Status", "Available"}};
  query.limit = kPage;
  for (const store::Document& other : documents.list(query).documents) {
    if (pool_end(other) > now && match_of(other.body) == wanted) return other;
  }
  return std::nullopt;
}

}  // namespace clary::api::sagemaker
