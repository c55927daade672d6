#include "audit/head.h"

#include <fstream>
#include <iterator>

#include "base/json.h"
#include "base/text.h"
#include "base/whole_file.h"

namespace clary::audit {
namespace {

json::object to_json(const ChainPoint& point) {
  return {{"seq", point.seq}, {"hash", point.hash}};
}

std::optional<ChainPoint> point_of(const json::object& object, std::string_view name) {
  const json::object* point = find_object(object, name);
  if (point == nullptr) return std::nullopt;
  const auto seq = find_int(*point, "seq");
  const auto hash = find_string(*point, "hash");
  if (!seq || *seq < 0 || !hash || hash->size() != kHashDigits) return std::nullopt;
  return ChainPoint{.seq = static_cast<std::uint64_t>(*seq), .hash = std::string(*hash)};
}

std::string text_of(const Head& head) {
  return json::serialize(
      json::object{{"before", to_json(head.before)}, {"last", to_json(head.last)}});
}

}  // namespace

Seal seal_with(keys::Sealer& sealer) {
  constexpr std::string_view kPurpose = "audit", kBound = "head of the audit log";
  return {.seal = [&sealer, kPurpose,
                   kBound](std::string_view text) { return sealer.seal(kPurpose, text, kBound); },
          .open = [&sealer, kPurpose, kBound](
                      std::string_view sealed) { return sealer.open(kPurpose, sealed, kBound); }};
}

void write_head(const std::filesystem::path& folder, const Head& head, const Seal& seal) {
  const std::string text = text_of(head);
  json::object file{{"head", text}};
  if (seal.seal) file["seal"] = base64(seal.seal(text));
  write_whole_file(folder / "head.json", json::serialize(file) + "\n", 0600);
}

ReadHead read_head(const std::filesystem::path& folder, const Seal& seal) {
  std::ifstream in(folder / "head.json", std::ios::binary);
  if (!in) return {};
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  ReadHead result{.state = HeadState::kDamaged, .head = {}};
  boost::system::error_code error;
  const json::value file = json::parse(text, error);
  if (error || !file.is_object()) return result;
  const std::string claimed = string_or(file.get_object(), "head");
  const json::value inner = json::parse(claimed, error);
  if (error || !inner.is_object()) return result;
  const auto before = point_of(inner.get_object(), "before");
  const auto last = point_of(inner.get_object(), "last");
  if (!before || !last) return result;
  result.head = {.before = *before, .last = *last};
  const auto sealed = find_string(file.get_object(), "seal");
  if (!sealed || !seal.open) {
    // A head that lost its seal under a server that has a key is no head.
    result.state = seal.open ? HeadState::kDamaged : HeadState::kUnsealed;
    return result;
  }
  const auto bytes = unbase64(*sealed);
  const auto opened = bytes ? seal.open(*bytes) : std::nullopt;
  if (opened && *opened == claimed) result.state = HeadState::kGood;
  return result;
}

}  // namespace clary::audit
