#include "agent/kms_client.h"

#include "agent/stage_in.h"
#include "base/json.h"
#include "base/text.h"
#include "wire/sha256.h"

namespace clary::agent {
namespace {

constexpr std::chrono::milliseconds kAnswerTimeout{60000};

}  // namespace

std::string generate_data_key(const S3Options& server, const Clock& clock,
                              const std::string& key_id, std::size_t bytes,
                              const std::string& job_arn) {
  const std::string body = json::serialize(
      json::object{{"KeyId", key_id},
                   {"NumberOfBytes", bytes},
                   {"EncryptionContext", json::object{{"aws:sagemaker:job-arn", job_arn}}}});
  RequestHead head;
  head.method = "POST";
  head.path = "/";
  head.headers.add("Host", server.server.host + ":" + std::to_string(server.server.port));
  head.headers.add("Content-Type", "application/x-amz-json-1.1");
  head.headers.add("X-Amz-Target", "TrentService.GenerateDataKey");
  wire::sign(head, server.credentials, server.region, "kms",
             wire::hex_digest(wire::sha256(body)).view(), clock.now());
  http::ClientRequest message;
  message.method = head.method;
  message.target = head.path;
  for (const auto& field : head.headers) message.headers.push_back(field);
  http::BlockingClient::Streams streams;
  std::string_view rest = body;
  streams.source_length = rest.size();
  streams.source = [&rest](std::span<char> buffer) {
    const std::size_t size = rest.copy(buffer.data(), buffer.size());
    rest.remove_prefix(size);
    return size;
  };
  const http::ClientResponse response =
      http::BlockingClient(server.server).send(message, kAnswerTimeout, streams);
  boost::system::error_code error;
  const json::value answer = json::parse(response.body, error);
  if (error || !answer.is_object()) throw std::runtime_error("KMS gave no answer");
  const json::object& object = answer.get_object();
  if (const auto key = find_string(object, "Plaintext"); key && response.status == 200) {
    if (auto plain = unbase64(*key); plain && plain->size() == bytes) return *plain;
    throw std::runtime_error("KMS gave no key of that size");
  }
  throw InputError("the volume's key " + key_id + ": " +
                   string_or(object, "message", string_or(object, "Message", "refused")) +
                   ". Allow the job's role kms:GenerateDataKey on an enabled key, or leave "
                   "VolumeKmsKeyId out.");
}

}  // namespace clary::agent
