#include "api/s3/cors.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "base/text.h"
#include "wire/api_error.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::string_view kSetting = "cors";
constexpr std::size_t kMaxRules = 100;
constexpr std::array<std::string_view, 5> kMethods{"GET", "PUT", "HEAD", "POST", "DELETE"};

ApiError invalid(const std::string& message) {
  return ApiError("InvalidRequest", message, 400);
}

std::vector<std::string> texts(const json::object& rule, std::string_view member) {
  std::vector<std::string> found;
  if (const auto* list = find_array(rule, member)) {
    for (const auto& item : *list) found.emplace_back(item.as_string());
  }
  return found;
}

void check_wildcards(const char* member, const std::vector<std::string>& values) {
  for (const auto& value : values) {
    if (std::ranges::count(value, '*') > 1) {
      throw invalid(std::string(member) + " \"" + value +
                    "\" can not have more than one wildcard.");
    }
  }
}

void check(const CorsRule& rule) {
  if (rule.methods.empty() || rule.origins.empty()) {
    throw ApiError("MalformedXML",
                   "The XML you provided was not well-formed or did not validate against our "
                   "published schema",
                   400);
  }
  if (rule.id.size() > 255) throw invalid("The ID of a CORS rule has at most 255 characters.");
  for (const auto& method : rule.methods) {
    if (std::ranges::find(kMethods, method) == kMethods.end()) {
      throw invalid("Found unsupported HTTP method in CORS config. Unsupported method is " +
                    method);
    }
  }
  check_wildcards("AllowedOrigin", rule.origins);
  check_wildcards("AllowedHeader", rule.headers);
  for (const auto& header : rule.expose) {
    if (header.find('*') != std::string::npos) {
      throw invalid("ExposeHeader \"" + header +
                    "\" contains wildcard. We currently do not support wildcard for ExposeHeader.");
    }
  }
  // They become fields of answers.
  const auto broken = [](const std::string& text) {
    return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  };
  for (const auto* values : {&rule.origins, &rule.headers, &rule.expose}) {
    if (std::ranges::any_of(*values, broken)) {
      throw invalid("A CORS rule has a value with control characters.");
    }
  }
}

// `pattern` has at most one '*'.
bool fits(std::string_view pattern, std::string_view text) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  const auto before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return text.size() >= before.size() + after.size() && text.starts_with(before) &&
         text.ends_with(after);
}

bool allows_header(const CorsRule& rule, std::string_view header) {
  const std::string lower = to_lower(header);
  return std::ranges::any_of(rule.headers,
                             [&](const auto& pattern) { return fits(to_lower(pattern), lower); });
}

template <class Texts>
std::string joined(const Texts& values) {
  std::string text;
  for (const auto& value : values) {
    if (!text.empty()) text += ", ";
    text += value;
  }
  return text;
}

}  // namespace

CorsRules cors_rules(const json::array& rules) {
  if (rules.size() > kMaxRules) {
    throw invalid("The number of CORS rules should not exceed allowed limit of 100 rules.");
  }
  CorsRules read;
  for (const auto& item : rules) {
    const auto& object = item.as_object();
    CorsRule rule{.id = string_or(object, "ID"),
                  .origins = texts(object, "AllowedOrigins"),
                  .methods = texts(object, "AllowedMethods"),
                  .headers = texts(object, "AllowedHeaders"),
                  .expose = texts(object, "ExposeHeaders"),
                  .max_age = find_int(object, "MaxAgeSeconds")};
    check(rule);
    read.push_back(std::move(rule));
  }
  return read;
}

json::array cors_document(const CorsRules& rules) {
  json::array document;
  const auto list = [](const std::vector<std::string>& values) {
    return json::array(values.begin(), values.end());
  };
  for (const auto& rule : rules) {
    json::object item{{"AllowedMethods", list(rule.methods)},
                      {"AllowedOrigins", list(rule.origins)}};
    if (!rule.id.empty()) item["ID"] = rule.id;
    if (!rule.headers.empty()) item["AllowedHeaders"] = list(rule.headers);
    if (!rule.expose.empty()) item["ExposeHeaders"] = list(rule.expose);
    if (rule.max_age) item["MaxAgeSeconds"] = *rule.max_age;
    document.push_back(std::move(item));
  }
  return document;
}

std::vector<std::string_view> header_names(std::string_view field) {
  std::vector<std::string_view> names;
  while (!field.empty()) {
    const auto comma = std::min(field.find(','), field.size());
    if (const auto name = trim(field.substr(0, comma)); !name.empty()) names.push_back(name);
    field.remove_prefix(std::min(comma + 1, field.size()));
  }
  return names;
}

const CorsRule* match(const CorsRules& rules, const CorsRequest& request) {
  for (const auto& rule : rules) {
    const bool origin = std::ranges::any_of(
        rule.origins, [&](const auto& pattern) { return fits(pattern, request.origin); });
    if (!origin || std::ranges::find(rule.methods, request.method) == rule.methods.end()) continue;
    if (std::ranges::all_of(request.headers,
                            [&](auto header) { return allows_header(rule, header); })) {
      return &rule;
    }
  }
  return nullptr;
}

std::vector<std::pair<std::string, std::string>> cors_headers(const CorsRule& rule,
                                                              const CorsRequest& request) {
  const bool anyone = std::ranges::find(rule.origins, "*") != rule.origins.end();
  std::vector<std::pair<std::string, std::string>> headers{
      {"Access-Control-Allow-Origin", anyone ? "*" : std::string(request.origin)},
      {"Access-Control-Allow-Methods", joined(rule.methods)}};
  if (!request.headers.empty()) {
    headers.emplace_back("Access-Control-Allow-Headers", to_lower(joined(request.headers)));
  }
  if (!rule.expose.empty()) {
    headers.emplace_back("Access-Control-Expose-Headers", joined(rule.expose));
  }
  if (rule.max_age) headers.emplace_back("Access-Control-Max-Age", std::to_string(*rule.max_age));
  if (!anyone) headers.emplace_back("Access-Control-Allow-Credentials", "true");
  headers.emplace_back("Vary",
                       "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
  return headers;
}

std::optional<std::shared_ptr<const CorsRules>> CorsCache::cached(
    const objects::BucketInfo& bucket) {
  std::shared_lock lock(mutex_);
  const auto found = known_.find(bucket.name.str());
  if (found == known_.end() || found->second.bucket_created != bucket.created) return std::nullopt;
  return found->second.rules;
}

std::shared_ptr<const CorsRules> CorsCache::find(const objects::BucketInfo& bucket) {
  if (auto known = cached(bucket)) return std::move(*known);
  std::uint64_t before = 0;
  {
    std::shared_lock lock(mutex_);
    before = changes_;
  }
  const auto text = store_.bucket_config(bucket.name, kSetting);
  std::shared_ptr<const CorsRules> rules;
  if (text && *text) {
    rules = std::make_shared<const CorsRules>(cors_rules(json::parse(**text).as_array()));
  }
  std::lock_guard lock(mutex_);
  if (changes_ == before) known_[bucket.name.str()] = {bucket.created, rules};
  return rules;
}

objects::Outcome<void> CorsCache::set(const objects::BucketInfo& bucket, const CorsRules& rules) {
  auto text = rules.empty() ? std::nullopt
                            : std::optional<std::string>(json::serialize(cors_document(rules)));
  const auto done = store_.set_bucket_config(bucket.name, kSetting, std::move(text));
  std::lock_guard lock(mutex_);
  ++changes_;
  known_.erase(bucket.name.str());
  return done;
}

}  // namespace clary::api::s3
