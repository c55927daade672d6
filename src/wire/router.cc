#include "base/text.h"
#include "wire/codec.h"
#include "wire/query_reader.h"

namespace clary::wire {
namespace {

struct Segment {
  enum class Kind { kLiteral, kLabel, kGreedy };
  Kind kind = Kind::kLiteral;
  std::string text;  // the literal, or the label's name
};

struct Route {
  const Operation* operation = nullptr;
  std::vector<Segment> segments;
  std::vector<std::pair<std::string, std::string>> literals;  // query; an empty value is any value
  // Members that must come in the query or a header: what tells S3's UploadPart from PutObject.
  std::vector<std::string> required_query, required_headers;
  std::size_t literal_segments = 0;
};

Route compile(const Operation& operation) {
  Route route;
  route.operation = &operation;
  const std::string_view uri = operation.request_uri;
  const auto mark = uri.find('?');
  std::string_view path = uri.substr(0, mark);
  if (mark != std::string_view::npos) route.literals = parse_form(uri.substr(mark + 1));
  path.remove_prefix(std::min<std::size_t>(1, path.size()));
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    Segment segment;
    if (part.starts_with('{') && part.ends_with("+}")) {
      segment = {Segment::Kind::kGreedy, std::string(part.substr(1, part.size() - 3))};
    } else if (part.starts_with('{') && part.ends_with('}')) {
      segment = {Segment::Kind::kLabel, std::string(part.substr(1, part.size() - 2))};
    } else {
      segment = {Segment::Kind::kLiteral, std::string(part)};
      ++route.literal_segments;
    }
    route.segments.push_back(std::move(segment));
  }
  if (operation.input == nullptr) return route;
  for (const Member& member : operation.input->members) {
    if (!member.required) continue;
    const std::string& name = member.location_name.empty() ? member.name : member.location_name;
    if (member.location == Location::kQuery) route.required_query.push_back(name);
    if (member.location == Location::kHeader) route.required_headers.push_back(name);
  }
  return route;
}

// The path's segments are cut before they are decoded: an encoded slash belongs to its label.
bool match_path(const Route& route, std::string_view path,
                std::vector<std::pair<std::string, std::string>>& labels) {
  if (path.empty() || path[0] != '/') return false;
  path.remove_prefix(1);
  for (const Segment& segment : route.segments) {
    if (path.empty()) return false;
    const bool greedy = segment.kind == Segment::Kind::kGreedy;
    const auto slash = greedy ? std::string_view::npos : path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    auto decoded = uri_decode(part);
    if (!decoded || decoded->empty()) return false;
    if (segment.kind == Segment::Kind::kLiteral) {
      if (*decoded != segment.text) return false;
    } else {
      labels.emplace_back(segment.text, std::move(*decoded));
    }
  }
  // "/bucket/" names the bucket as "/bucket" does: the slash is gone with its segment.
  return path.empty();
}

bool has_field(const FormFields& query, std::string_view name) {
  return std::any_of(query.begin(), query.end(),
                     [&](const auto& field) { return field.first == name; });
}

bool literals_hold(const Route& route, const FormFields& query) {
  return std::all_of(route.literals.begin(), route.literals.end(), [&](const auto& literal) {
    return std::any_of(query.begin(), query.end(), [&](const auto& field) {
      return field.first == literal.first &&
             (literal.second.empty() || field.second == literal.second);
    });
  });
}

// How well a route fits: compared from the first number on.
using Score = std::array<std::size_t, 5>;

Score score_of(const Route& route, const FormFields& query, const Headers& headers) {
  std::size_t missing = 0, present = 0;
  for (const std::string& name : route.required_query)
    ++(has_field(query, name) ? present : missing);
  for (const std::string& name : route.required_headers) {
    ++(headers.find(name) ? present : missing);
  }
  return {missing == 0 ? 1U : 0U, route.literals.size(), present, route.literal_segments,
          route.operation->deprecated ? 0U : 1U};
}

// Newer SDKs name the operation where the URI alone does not: "x-id=GetObject".
bool names_another(const Route& route, std::string_view x_id) {
  return !x_id.empty() && x_id != route.operation->name;
}

}  // namespace

struct Router::Impl {
  const ServiceModel& model;
  std::unordered_map<std::string, std::vector<Route>> by_method;
};

Router::Router(const ServiceModel& model) : impl_(std::make_unique<Impl>(Impl{model, {}})) {
  for (const Operation& operation : model.operations()) {
    impl_->by_method[operation.http_method].push_back(compile(operation));
  }
}

Router::~Router() = default;

Router::Match Router::match(const RequestHead& head) const {
  Match best;
  const auto routes = impl_->by_method.find(head.method);
  if (routes == impl_->by_method.end()) return best;
  const FormFields query = parse_form(head.query);
  const std::string wanted = form_field(head.query, "x-id");
  const std::string_view x_id =
      impl_->model.find_operation(wanted) != nullptr ? std::string_view(wanted) : "";
  Score best_score{};
  for (const Route& route : routes->second) {
    if (names_another(route, x_id) || !literals_hold(route, query)) continue;
    std::vector<std::pair<std::string, std::string>> labels;
    if (!match_path(route, head.path, labels)) continue;
    const Score score = score_of(route, query, head.headers);
    if (best.operation == nullptr || score > best_score) {
      best_score = score;
      best = {route.operation, std::move(labels)};
    }
  }
  return best;
}

}  // namespace clary::wire
