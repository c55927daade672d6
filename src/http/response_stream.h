// The response under way, as it goes to the connection.
#pragma once

#include <string>

#include "base/body.h"
#include "http/io_thread.h"
#include "http/request_body.h"
#include "http/transport.h"

namespace clary::http {

// What of the request decides the framing of its response.
struct ResponseFraming {
  bool head_request = false;
  bool http_11 = true;
  bool keep_alive = true;
};

// The head goes out together with the first piece of the body.
class ResponseStream final : public BodyWriter {
 public:
  // `scratch` is the connection's, kept between requests so that heads need no allocation.
  // `request` is the body that this answers: when too much of it is left unread to go on after it,
  // the response says that the connection closes, lest the client sends its next request there.
  ResponseStream(Transport& transport, IoThread& thread, ResponseFraming framing,
                 std::string& scratch, const RequestBody& request)
      : transport_(transport),
        thread_(thread),
        framing_(framing),
        head_(scratch),
        request_(request) {
    head_.clear();
  }
  // Sent when the handler gives no id of its own; must live as long as this object.
  void set_request_id(std::string_view id) { request_id_ = id; }

  boost::asio::awaitable<void> send(ResponseHead head, std::string body) override;
  boost::asio::awaitable<void> start(ResponseHead head) override;
  boost::asio::awaitable<void> write(std::span<const std::byte> bytes) override;
  boost::asio::awaitable<void> write_file(int file, std::uint64_t offset,
                                          std::uint64_t length) override;
  boost::asio::awaitable<void> finish() override;
  // 101: the connection is no HTTP from here on.
  boost::asio::awaitable<void> switch_protocols(
      const std::vector<std::pair<std::string, std::string>>& fields);
  bool started() const override { return started_; }

  bool finished() const { return finished_; }
  // False after a response whose end only a closed connection marks.
  bool keeps_alive() const { return framing_.keep_alive && finished_; }

 private:
  void make_head(const ResponseHead& head);
  // Counts `bytes` against what the head announced.
  void take(std::uint64_t bytes);
  static void check(IoStatus status);

  Transport& transport_;
  IoThread& thread_;
  std::string_view request_id_;
  ResponseFraming framing_;
  std::string& head_;  // not sent yet
  const RequestBody& request_;
  bool started_ = false;
  bool finished_ = false;
  bool bodyless_ = false;
  bool chunked_ = false;
  bool bounded_ = false;  // announced_ holds
  std::uint64_t announced_ = 0;
  std::uint64_t taken_ = 0;
};

}  // namespace clary::http
