// TLS on the plain port, by first byte and inside a CONNECT tunnel, against OpenSSL's own client.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

#include "http/raw_client_test_support.h"
#include "http/server.h"

namespace clary::http {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;

// A context with a self-signed certificate whose subject is `name`.
SSL_CTX* make_context(const char* name) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

class TwoContexts final : public TlsContexts {
 public:
  TwoContexts() : general_(make_context("general")), named_(make_context("sts")) {}
  ~TwoContexts() override {
    SSL_CTX_free(general_);
    SSL_CTX_free(named_);
  }
  void* context_for(std::string_view host) override {
    return host.starts_with("sts.") ? named_ : general_;
  }

 private:
  SSL_CTX* general_;
  SSL_CTX* named_;
};

class TlsClient {
 public:
  TlsClient(int file, const char* host)
      : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    SSL_set_fd(ssl_, file);
    SSL_set_tlsext_host_name(ssl_, host);
    connected_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool connected() const { return connected_; }
  std::string subject() const {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    std::array<char, 100> name{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                              name.size());
    X509_free(certificate);
    return name.data();
  }
  std::string exchange(const std::string& request) {
    SSL_write(ssl_, request.data(), static_cast<int>(request.size()));
    std::string answer;
    std::array<char, 4096> piece;
    while (true) {
      const int got = SSL_read(ssl_, piece.data(), piece.size());
      if (got <= 0) return answer;
      answer.append(piece.data(), static_cast<std::size_t>(got));
    }
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
  bool connected_ = false;
};

asio::awaitable<void> describe(Exchange& exchange) {
  const RequestHead& request = exchange.request;
  if (request.path == "/large") {
    std::string body(1 << 20, 'L');
    co_await exchange.response.send({}, std::move(body));
    co_return;
  }
  if (request.path == "/upgrade") {
    ByteStream* stream = co_await exchange.connection.upgrade({{"Upgrade", "echo"}});
    std::vector<char> piece(1000);
    while (const std::size_t bytes = co_await stream->read_some(piece)) {
      co_await stream->write({piece.data(), bytes});
      if (std::string_view(piece.data(), bytes).ends_with('.')) break;
    }
    co_await stream->end();
    EXPECT_EQ(co_await stream->read_some(piece), 0U);
    co_return;
  }
  co_await exchange.response.send(
      {}, std::string(request.headers.get("host")) + (request.tls ? " tls" : " plain"));
}

class TlsTest : public testing::Test {
 protected:
  TlsTest() : server_(options(), describe) { server_.start(); }
  ServerOptions options() {
    ServerOptions result;
    result.tls = &contexts_;
    result.limits.header_timeout = seconds(1);
    result.accepts_connect = [](std::string_view target) {
      return target == "sts.us-east-1.amazonaws.com:443";
    };
    return result;
  }
  TwoContexts contexts_;
  Server server_;
};

TEST_F(TlsTest, TheFirstByteDecides) {
  RawClient plain(server_.port());
  plain.send("GET / HTTP/1.1\r\nHost: p\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(plain.read_all().ends_with("p plain"));
  RawClient wire(server_.port());
  TlsClient secure(wire.file(), "other.example");
  ASSERT_TRUE(secure.connected());
  EXPECT_EQ(secure.subject(), "general");
  EXPECT_TRUE(
      secure.exchange("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").ends_with("t tls"));
}

TEST_F(TlsTest, ConnectEndsHereWithTheNamedHostsCertificate) {
  RawClient wire(server_.port());
  wire.send("CONNECT sts.us-east-1.amazonaws.com:443 HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(wire.read_until("\r\n\r\n", seconds(5)).starts_with("HTTP/1.1 200 "));
  TlsClient secure(wire.file(), "sts.us-east-1.amazonaws.com");
  ASSERT_TRUE(secure.connected());
  EXPECT_EQ(secure.subject(), "sts");
  EXPECT_TRUE(secure
                  .exchange("POST / HTTP/1.1\r\nHost: sts.us-east-1.amazonaws.com\r\n"
                            "Content-Length: 0\r\nConnection: close\r\n\r\n")
                  .ends_with("sts.us-east-1.amazonaws.com tls"));
}

TEST_F(TlsTest, ConnectToOtherHostsOrTwiceIsRefused) {
  RawClient other(server_.port());
  other.send("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n");
  EXPECT_TRUE(other.read_all().starts_with("HTTP/1.1 403 "));
  RawClient nested(server_.port());
  const std::string connect = "CONNECT sts.us-east-1.amazonaws.com:443 HTTP/1.1\r\nHost: x\r\n\r\n";
  nested.send(connect);
  nested.read_until("\r\n\r\n", seconds(5));
  nested.send(connect);
  EXPECT_TRUE(nested.read_all().starts_with("HTTP/1.1 403 "));
}

TEST_F(TlsTest, AHandshakeThatStopsIsEnded) {
  RawClient wire(server_.port());
  wire.send("\x16\x03\x01");
  const auto start = std::chrono::steady_clock::now();
  wire.read_all();
  EXPECT_TRUE(wire.closed());
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
}

TEST_F(TlsTest, GarbageAfterTheFirstByteIsEnded) {
  RawClient wire(server_.port());
  wire.send("\x16 this is no handshake at all, whatever its first byte says\r\n\r\n");
  wire.read_all();
  EXPECT_TRUE(wire.closed());
}

TEST_F(TlsTest, UpgradedConnectionsKeepTheirTls) {
  RawClient wire(server_.port());
  TlsClient secure(wire.file(), "x");
  ASSERT_TRUE(secure.connected());
  const std::string answer = secure.exchange(
      "GET /upgrade HTTP/1.1\r\nHost: t\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n"
      "sent ahead.");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n"))
      << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nsent ahead.")) << answer;
}

TEST_F(TlsTest, LargeAnswersPass) {
  RawClient wire(server_.port());
  TlsClient secure(wire.file(), "x");
  ASSERT_TRUE(secure.connected());
  const std::string answer =
      secure.exchange("GET /large HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, std::size_t{1} << 20);
}

}  // namespace
}  // namespace clary::http
