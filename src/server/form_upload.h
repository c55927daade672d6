// An S3 upload by HTML form: a PutObject whose headers are form fields and whose body is the form's
// last part. Everything that PutObject does (permissions, encryption, versions, ...) is left to it.
// Source: "POST Object" and "Browser-Based Uploads Using POST", Amazon S3 API reference.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/body.h"
#include "base/clock.h"
#include "base/request.h"
#include "server/authenticator.h"
#include "wire/model.h"
#include "wire/multipart_form.h"
#include "wire/post_policy.h"

namespace clary::server {

// Whether a request that carries no signature of its own is such a form: a POST to a bucket.
bool is_form_upload(const RequestHead& head);

// order: read_fields(), then check_policy(), then the rest. errors: ApiError in S3's words.
// `model` (S3's), `head` and `raw` outlive it.
class FormUpload final : public BodyReader {
 public:
  FormUpload(const wire::ServiceModel& model, const RequestHead& head, BodyReader& raw);

  // Reads up to the file.
  boost::asio::awaitable<void> read_fields();
  // Who signed the policy; nullopt for a form that nobody signed.
  std::optional<FormSignature> signature() const;
  // That the policy, if there is one, allows this form.
  void check_policy(Timestamp now);

  // The request that a client would have sent with PutObject, and its labels.
  RequestHead put_request() const;
  std::vector<std::pair<std::string, std::string>> labels() const;

  // What the client gets instead of PutObject's answer.
  std::pair<ResponseHead, std::string> answer(ResponseHead stored) const;

  // The file. Ends it with EntityTooSmall or EntityTooLarge where the policy says so.
  boost::asio::awaitable<std::size_t> read_some(std::span<std::byte> buffer) override;
  std::optional<std::uint64_t> content_length() const override { return std::nullopt; }

 private:
  std::optional<std::string_view> find(std::string_view name) const;
  std::string_view require(std::string_view name) const;
  std::string tagging_header() const;
  void check_fields() const;
  void end_of_file() const;

  const wire::ServiceModel& model_;
  const RequestHead& head_;
  BodyReader& raw_;
  wire::MultipartForm form_;
  std::string bucket_, key_;
  std::vector<wire::FormField> fields_;  // the form's and the bucket
  std::optional<wire::PostPolicy> policy_;
  std::string piece_;
  std::uint64_t file_bytes_ = 0, after_file_bytes_ = 0;
};

// Takes PutObject's answer and sends the form's. threads: as BodyWriter.
class FormAnswer final : public BodyWriter {
 public:
  FormAnswer(BodyWriter& response, const FormUpload& form) : response_(response), form_(form) {}
  boost::asio::awaitable<void> send(ResponseHead head, std::string body) override;
  boost::asio::awaitable<void> start(ResponseHead head) override;
  boost::asio::awaitable<void> write(std::span<const std::byte> bytes) override;
  boost::asio::awaitable<void> write_file(int file, std::uint64_t offset,
                                          std::uint64_t length) override;
  boost::asio::awaitable<void> finish() override;
  bool started() const override { return response_.started(); }
  unsigned status() const { return status_; }

 private:
  BodyWriter& response_;
  const FormUpload& form_;
  unsigned status_ = 200;
};

}  // namespace clary::server
