#include "api/s3/receive.h"

#include <boost/asio/this_coro.hpp>

#include "api/s3/beside_work.h"

namespace clary::api::s3 {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kPieceBytes = 1 << 20;

// Fills `buffer`; fewer bytes only at the end of the body.
asio::awaitable<std::size_t> fill(BodyReader& body, std::span<std::byte> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto count = co_await body.read_some(buffer.subspan(filled));
    if (count == 0) break;
    filled += count;
  }
  co_return filled;
}

using Bytes = std::span<const std::byte>;

asio::awaitable<void> receive_large(Context& context, BodyReader& body, PayloadChecks& checks,
                                    std::optional<objects::WriteKey> key,
                                    std::vector<std::byte> first,
                                    std::function<void(objects::ObjectWriter&)> commit) {
  std::unique_ptr<objects::ObjectWriter> writer;
  std::array<std::vector<std::byte>, 2> buffers{std::move(first),
                                                std::vector<std::byte>(kPieceBytes)};
  const auto announced = body.content_length();
  const auto consume = [&](Bytes bytes) {
    if (!writer) writer = context.store.open_writer(announced, key);
    checks.update(bytes);
    writer->write(bytes);
  };
  BesideWork work(co_await asio::this_coro::executor, context.workers);
  std::size_t current = 0;
  std::size_t filled = buffers[0].size();
  std::exception_ptr failed;
  while (filled > 0 && !failed) {
    work.start([&consume, bytes = Bytes(buffers[current]).first(filled)] { consume(bytes); });
    std::exception_ptr unread;
    current = 1 - current;
    try {
      filled = co_await fill(body, buffers[current]);
    } catch (...) {
      unread = std::current_exception();
    }
    failed = co_await work.join();
    if (unread) failed = unread;
  }
  if (!failed) {
    work.start([&] {
      checks.verify(body.trailers(), writer->md5());
      commit(*writer);
    });
    failed = co_await work.join();
  }
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

asio::awaitable<void> receive(Context& context, BodyReader& body, PayloadChecks& checks,
                              std::optional<objects::WriteKey> key,
                              std::function<void(objects::ObjectWriter&)> commit) {
  const auto announced = body.content_length();
  // One byte more than announced, so that the end shows at once.
  std::vector<std::byte> buffer(announced ? std::min<std::uint64_t>(*announced + 1, kPieceBytes)
                                          : kPieceBytes);
  const auto filled = co_await fill(body, buffer);
  if (filled == buffer.size()) {
    co_await receive_large(context, body, checks, std::move(key), std::move(buffer),
                           std::move(commit));
    co_return;
  }
  co_await on_workers(context.workers, [&] {
    const auto bytes = Bytes(buffer).first(filled);
    const auto writer = context.store.open_writer(filled, std::move(key));
    checks.update(bytes);
    writer->write(bytes);
    checks.verify(body.trailers(), writer->md5());
    commit(*writer);
  });
}

}  // namespace clary::api::s3
