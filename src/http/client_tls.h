// TLS of the blocking client: whom it trusts, and one connection's session.
#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace clary::http {

// Whose certificates a client takes: those of a PEM file's authorities, or, without one, of the
// system's. TLS 1.2 or newer. threads: any.
class ClientTls {
 public:
  // Throws std::runtime_error when the file cannot be used.
  explicit ClientTls(const std::filesystem::path& authorities = {});
  SSL_CTX* context() const { return context_.get(); }

 private:
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

// Turns bytes of a program into bytes of a connection and back; moves neither itself, so that
// waiting and time-outs stay where they are. threads: one. errors: ClientError.
class TlsSession {
 public:
  // `host`: the name or address that the certificate must be for.
  TlsSession(const ClientTls& trust, const std::string& host);

  // False while it needs to hear from the server: what output() has goes there first.
  bool handshake();
  void write(std::string_view plain);
  // What is to be sent; it is forgotten here.
  std::string output();

  // What was received. An empty text is the end of the connection.
  void input(std::string_view received);
  enum class Read { kBytes, kNeedsInput, kEnd };
  Read read(std::span<char> buffer, std::size_t& bytes);

 private:
  [[noreturn]] void fail(const char* what);

  const std::unique_ptr<SSL, decltype(&SSL_free)> session_;
  BIO* const input_;  // both owned by session_
  BIO* const output_;
  const std::string host_;
  bool ended_ = false;
};

}  // namespace clary::http
