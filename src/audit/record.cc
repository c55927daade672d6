#include "audit/record.h"

#include <openssl/evp.h>

#include <array>
#include <charconv>
#include <memory>
#include <new>

#include "base/text.h"

namespace clary::audit {
namespace {

constexpr std::string_view kSeq = "{\"seq\":", kPrev = ",\"prev\":\"",
                           kAt = "\",\"at\":", kHash = ",\"hash\":\"", kMark = "\"mark\":\"",
                           kEnd = "\"}";

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// One context a thread, one algorithm for all: looking it up by name costs more than the hash.
EVP_MD_CTX* context() {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> made(EVP_MD_CTX_new());
  if (!made || EVP_DigestInit_ex2(made.get(), algorithm, nullptr) != 1) throw std::bad_alloc();
  return made.get();
}

bool is_hash(std::string_view text) {
  return text.size() == kHashDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Takes `prefix` off the front of `text`.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

std::string first_hash() {
  return std::string(kHashDigits, '0');
}

std::string sha256_hex(std::string_view bytes) {
  std::array<std::byte, 32> digest{};
  EVP_MD_CTX* const hash = context();
  EVP_DigestUpdate(hash, bytes.data(), bytes.size());
  EVP_DigestFinal_ex(hash, reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return hex(digest);
}

void append_record(std::string& out, ChainPoint& chain, Timestamp at, std::string_view members) {
  const std::size_t begin = out.size();
  out += kSeq;
  out += std::to_string(++chain.seq);
  out += kPrev;
  out += chain.hash;
  out += kAt;
  out += std::to_string(at.time_since_epoch().count());
  out += ',';
  out += members;
  chain.hash = sha256_hex(std::string_view(out).substr(begin));
  out += kHash;
  out += chain.hash;
  out += "\"}\n";
}

std::optional<Record> read_record(std::string_view line) {
  constexpr std::size_t kTail = kHash.size() + kHashDigits + kEnd.size();
  if (line.size() < kTail || line.size() > kMaxLineBytes || !line.ends_with(kEnd)) {
    return std::nullopt;
  }
  const std::string_view body = line.substr(0, line.size() - kTail);
  std::string_view tail = line.substr(body.size());
  Record record;
  if (!take(tail, kHash)) return std::nullopt;
  record.hash = tail.substr(0, kHashDigits);
  if (!is_hash(record.hash) || sha256_hex(body) != record.hash) return std::nullopt;

  std::string_view rest = body;
  std::int64_t at = 0;
  if (!take(rest, kSeq) || !take_number(rest, record.seq) || !take(rest, kPrev)) {
    return std::nullopt;
  }
  record.prev = rest.substr(0, kHashDigits);
  if (!is_hash(record.prev)) return std::nullopt;
  rest.remove_prefix(kHashDigits);
  if (!take(rest, kAt) || !take_number(rest, at) || !take(rest, ",")) return std::nullopt;
  record.at = Timestamp(std::chrono::milliseconds(at));
  record.members = rest;
  if (take(rest, kMark)) record.mark = rest.substr(0, rest.find('"'));
  return record;
}

std::string event_document(const Record& record) {
  return "{" + std::string(record.members) + "}";
}

}  // namespace clary::audit
