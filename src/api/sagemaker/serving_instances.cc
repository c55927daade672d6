#include "api/sagemaker/serving_instances.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::chrono::milliseconds kRouteGrace{200};
constexpr std::chrono::seconds kLongestDrain{60};

std::string key_of(const std::string& account, const std::string& region, const std::string& name) {
  return account + "/" + region + "/" + name;
}

std::string capture_text(const engine::CapturePlan& plan) {
  std::string text = "\tcapture " + std::to_string(plan.percentage) + (plan.input ? " in" : "") +
                     (plan.output ? " out" : "");
  for (const std::string* part : {&plan.role, &plan.bucket, &plan.prefix, &plan.kms_key}) {
    text += "\t" + *part;
  }
  for (const std::string& type : plan.csv_types) text += "\tcsv " + type;
  for (const std::string& type : plan.json_types) text += "\tjson " + type;
  return text;
}

std::string text_of(const engine::EndpointRoute& route) {
  std::string text = route.in_service ? "in service" : "not ready";
  for (const engine::VariantRoute& variant : route.variants) {
    text += "\n" + variant.name + " " + std::to_string(variant.weight);
    for (const auto& instance : variant.instances) text += "\t" + instance->unix_path;
    if (variant.capture) text += capture_text(*variant.capture);
  }
  return text;
}

}  // namespace

std::shared_ptr<engine::ServingInstance> RoutePublisher::instance(const std::string& run_id,
                                                                  const std::string& unix_path) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[run_id];
  if (!entry.serving || entry.serving->unix_path != unix_path) {
    entry.serving = std::make_shared<engine::ServingInstance>();
    entry.serving->unix_path = unix_path;
  }
  entry.retired.reset();
  return entry.serving;
}

void RoutePublisher::publish(engine::EndpointRoute route) {
  const std::string key = key_of(route.account, route.region, route.name);
  std::string text = text_of(route);
  const std::lock_guard lock(mutex_);
  std::string& last = published_[key];
  if (last == text) return;
  last = std::move(text);
  routes_.publish(std::make_shared<const engine::EndpointRoute>(std::move(route)));
}

void RoutePublisher::withdraw(const std::string& account, const std::string& region,
                              const std::string& name) {
  const std::lock_guard lock(mutex_);
  published_.erase(key_of(account, region, name));
  routes_.withdraw(account, region, name);
}

bool RoutePublisher::drained(const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  auto found = entries_.find(run_id);
  if (found == entries_.end()) return true;  // never was in a route of this server
  Entry& entry = found->second;
  const auto now = clock_.steady_now();
  if (!entry.retired) entry.retired = now;
  const auto waited = now - *entry.retired;
  if (waited < kRouteGrace) return false;
  return entry.serving->outstanding.load() == 0 || waited > kLongestDrain;
}

void RoutePublisher::forget(const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  entries_.erase(run_id);
}

}  // namespace clary::api::sagemaker
