#include "http/upgrade.h"

#include <cstring>
#include <stdexcept>

#include "base/body.h"
#include "base/text.h"
#include "http/response_stream.h"

namespace clary::http {

namespace asio = boost::asio;

asio::awaitable<std::size_t> ConnectionStream::read_some(std::span<char> buffer) {
  if (!input_.empty()) {
    const std::size_t bytes = std::min(buffer.size(), input_.view().size());
    std::memcpy(buffer.data(), input_.view().data(), bytes);
    input_.consume(bytes);
    co_return bytes;
  }
  if (reads_no_more_) co_return 0;
  const IoResult got = co_await transport_.read_some(buffer);
  if (got.status == IoStatus::kOk) co_return got.bytes;
  if (got.status == IoStatus::kEnd || reads_no_more_) co_return 0;
  throw BodyError(BodyError::Kind::kTruncated, "the client's connection broke");
}

asio::awaitable<void> ConnectionStream::write(std::string_view bytes) {
  if (co_await transport_.write(bytes) != IoStatus::kOk) {
    throw BodyError(BodyError::Kind::kTruncated, "the client's connection broke");
  }
}

asio::awaitable<void> ConnectionStream::end() {
  if (!transport_.is_tls()) {
    co_await transport_.shutdown_write();
    co_return;
  }
  // The connection says its TLS end when the handler has returned: OpenSSL's shutdown reads, and
  // would fight with our own reader.
  reads_no_more_ = true;
  transport_.interrupt();
}

bool asks_for_upgrade(const RequestHead& head) {
  if (head.headers.get("Upgrade").empty()) return false;
  for (const auto& [name, value] : head.headers) {
    if (!equals_ignore_case(name, "Connection")) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(','), rest.size());
      if (equals_ignore_case(trim(rest.substr(0, end)), "upgrade")) return true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return false;
}

asio::awaitable<ByteStream*> RequestConnection::upgrade(
    const std::vector<std::pair<std::string, std::string>>& fields) {
  if (!offered_) throw std::logic_error("an upgrade that was not asked for");
  offered_ = false;
  co_await response_.switch_protocols(fields);
  abort_call_.upgraded = true;
  co_return &stream_;
}

void RequestConnection::on_abort(std::function<void()> callback) {
  abort_call_.callback = std::move(callback);
  if (abort_call_.aborted) abort_call_.abort();
}

}  // namespace clary::http
