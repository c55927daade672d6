// The S3 service over a real store, called as the gateway calls it, without sockets or signatures.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <memory>
#include <string>

#include "api/allow_all.h"
#include "api/s3/s3.h"
#include "base/text.h"
#include "objects/object_store.h"
#include "store/test_folder.h"
#include "wire/codec.h"
#include "wire/validate.h"

namespace clary::api::s3 {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  unsigned status = 0;
  Headers headers;
  std::string body;
  std::optional<std::uint64_t> content_length;
  std::string_view header(std::string_view name) const { return headers.get(name); }
  bool has(std::string_view text) const { return body.find(text) != std::string::npos; }
  // The text of the first element of that name.
  std::string element(const std::string& name) const {
    const auto start = body.find("<" + name + ">");
    if (start == std::string::npos) return "absent";
    const auto from = start + name.size() + 2;
    return body.substr(from, body.find("</" + name + ">", from) - from);
  }
};

// Gives its bytes in pieces of `piece`, then the trailers.
class FakeBody final : public BodyReader {
 public:
  FakeBody(std::string_view bytes, std::size_t piece, HeaderList trailers)
      : left_(bytes), size_(bytes.size()), piece_(piece) {
    for (auto& [name, value] : trailers) trailers_.add(name, value);
  }
  boost::asio::awaitable<std::size_t> read_some(std::span<std::byte> buffer) override {
    const auto count = std::min({buffer.size(), left_.size(), piece_});
    std::memcpy(buffer.data(), left_.data(), count);
    left_.remove_prefix(count);
    if (count > 0 && left_.size() < fail_below) {
      throw BodyError(BodyError::Kind::kTruncated, "the client went away");
    }
    co_return count;
  }
  std::optional<std::uint64_t> content_length() const override { return size_; }
  const Headers* trailers() const override { return trailers_.size() > 0 ? &trailers_ : nullptr; }
  std::size_t fail_below = 0;

 private:
  std::string_view left_;
  std::size_t size_, piece_;
  Headers trailers_;
};

class FakeResponse final : public BodyWriter {
 public:
  explicit FakeResponse(Answer& answer) : answer_(answer) {}
  boost::asio::awaitable<void> send(ResponseHead head, std::string body) override {
    take(head);
    answer_.body = std::move(body);
    co_return;
  }
  boost::asio::awaitable<void> start(ResponseHead head) override {
    take(head);
    co_return;
  }
  boost::asio::awaitable<void> write(std::span<const std::byte> bytes) override {
    answer_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    co_return;
  }
  boost::asio::awaitable<void> write_file(int file, std::uint64_t offset,
                                          std::uint64_t length) override {
    std::string bytes(length, '\0');
    EXPECT_EQ(pread(file, bytes.data(), length, static_cast<off_t>(offset)),
              static_cast<ssize_t>(length));
    answer_.body += bytes;
    co_return;
  }
  boost::asio::awaitable<void> finish() override { co_return; }
  bool started() const override { return started_; }

 private:
  void take(const ResponseHead& head) {
    started_ = true;
    answer_.status = head.status;
    answer_.content_length = head.content_length;
    for (const auto& [name, value] : head.headers) answer_.headers.add(name, value);
  }
  Answer& answer_;
  bool started_ = false;
};

class S3Fixture : public testing::Test {
 protected:
  S3Fixture() {
    Directory directory;
    directory.accounts = [] { return std::vector<std::string>{"000000000000", "111122223333"}; };
    service_.share(std::move(directory), {});
    for (auto& entry : service_.operations()) operations_.emplace(entry.name, entry);
    EXPECT_EQ(send("PUT", "/bucket").status, 200U);
  }

  Answer send(const std::string& method, const std::string& target, const HeaderList& headers = {},
              const std::string& body = "") {
    Answer answer;
    RequestHead head;
    head.method = method;
    head.path = target.substr(0, target.find('?'));
    if (head.path.size() < target.size()) head.query = target.substr(head.path.size() + 1);
    for (const auto& [name, value] : headers) head.headers.add(name, value);
    std::exception_ptr thrown;
    boost::asio::co_spawn(context_, run(head, body, answer),
                          [&](std::exception_ptr error) { thrown = error; });
    context_.run();
    context_.restart();
    if (thrown) std::rethrow_exception(thrown);
    return answer;
  }

  Answer put(const std::string& key, const std::string& body, const HeaderList& headers = {}) {
    return send("PUT", "/bucket/" + key, headers, body);
  }

  static std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
    return bytes;
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::milliseconds(1'700'000'000'000))};
  objects::ObjectStore store_{folder_.path(), clock_};
  boost::asio::io_context context_;  // before the pool, which resumes coroutines on it
  WorkerPool workers_{2, 100};
  S3 service_{store_, workers_};
  // Parsed and compiled once for all tests.
  static const wire::ServiceModel& model() {
    static const wire::Models models;
    return models.get("s3");
  }
  static const wire::Router& router() {
    static const wire::Router router(model());
    return router;
  }
  const wire::ServiceModel& model_ = model();
  const wire::Router& router_ = router();
  std::map<std::string_view, OperationEntry> operations_;
  AllowAll allow_all_;
  identity::Authorizer* authorizer_ = &allow_all_;
  identity::Principal principal_;
  std::string region_ = "us-east-1", account_ = "000000000000";
  std::size_t piece_ = 64 * 1024;
  HeaderList trailers_;
  std::size_t fail_below_ = 0;

 private:
  boost::asio::awaitable<void> run(const RequestHead& head, const std::string& body,
                                   Answer& answer) {
    const auto match = router_.match(head);
    FakeResponse response(answer);
    std::optional<wire::ApiError> failed;
    try {
      if (match.operation == nullptr) throw wire::ApiError("MethodNotAllowed", "", 405);
      const auto found = operations_.find(match.operation->name);
      if (found == operations_.end()) throw wire::ApiError("NotImplemented", "", 501);
      const bool streaming = static_cast<bool>(found->second.streaming);
      auto input = wire::decode_request(model_, wire::Protocol::kRestXml, *match.operation, head,
                                        match.labels, streaming ? "" : body);
      wire::validate(model_, *match.operation, input);
      Call call{model_,       *match.operation, principal_, account_,     region_,
                "REQUEST-ID", clock_.now(),     head,       *authorizer_, body};
      service_.authorize(input, call);
      if (streaming) {
        FakeBody reader(body, piece_, trailers_);
        reader.fail_below = fail_below_;
        co_await found->second.streaming(std::move(input), call, reader, response);
        co_return;
      }
      const auto output = found->second.plain(input, call);
      auto [answer_head, text] = wire::encode_response(model_, wire::Protocol::kRestXml,
                                                       *match.operation, output, "REQUEST-ID");
      co_await response.send(std::move(answer_head), std::move(text));
      co_return;
    } catch (const wire::ApiError& error) {
      failed = error;
    }
    auto [error_head, text] = wire::encode_error(model_, wire::Protocol::kRestXml, match.operation,
                                                 *failed, "REQUEST-ID", head.path);
    co_await response.send(std::move(error_head), std::move(text));
  }
};

}  // namespace clary::api::s3
