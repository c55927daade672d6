#include "server/tls_authority.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include "base/errors.h"
#include "base/random.h"
#include "server/tls_certificates.h"
#include "server/tls_context.h"

namespace clary::server {
namespace {

class TlsAuthorityTest : public testing::Test {
 protected:
  TlsAuthorityTest()
      : folder_(std::filesystem::temp_directory_path() / ("clary-tls-" + random_hex(6))) {}
  ~TlsAuthorityTest() override { std::filesystem::remove_all(folder_); }

  // Whether a client that trusts only `bundle` would accept `context` as `host`.
  static bool trusted(const std::filesystem::path& bundle, void* context, const char* host) {
    X509* certificate = SSL_CTX_get0_certificate(static_cast<SSL_CTX*>(context));
    X509_STORE* store = X509_STORE_new();
    X509_STORE_load_file(store, bundle.c_str());
    X509_STORE_CTX* check = X509_STORE_CTX_new();
    X509_STORE_CTX_init(check, store, certificate, nullptr);
    X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(check);
    X509_VERIFY_PARAM_set1_host(parameters, host, 0);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    const bool ok = X509_verify_cert(check) == 1;
    X509_STORE_CTX_free(check);
    X509_STORE_free(store);
    return ok;
  }

  std::filesystem::path folder_;
  ManualClock clock_{SystemClock().now()};
};

TEST_F(TlsAuthorityTest, MakesCertificatesThatStrictClientsAccept) {
  TlsAuthority authority(folder_, clock_);
  void* context = authority.context_for("sts.us-west-2.amazonaws.com");
  EXPECT_TRUE(trusted(authority.bundle_file(), context, "sts.us-west-2.amazonaws.com"));
  EXPECT_FALSE(trusted(authority.bundle_file(), context, "example.com"));
  EXPECT_EQ(authority.context_for("STS.us-west-2.amazonaws.com"), context);
}

TEST_F(TlsAuthorityTest, KeepsItsKeyPrivateAndForTheNextServer) {
  std::filesystem::path bundle;
  {
    TlsAuthority first(folder_, clock_);
    bundle = folder_ / "bundle-of-the-first.pem";
    std::filesystem::copy_file(first.bundle_file(), bundle);
  }
  struct stat info{};
  ASSERT_EQ(stat((folder_ / "ca.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  TlsAuthority second(folder_, clock_);
  EXPECT_TRUE(trusted(bundle, second.context_for("localhost"), "localhost"));
}

TEST_F(TlsAuthorityTest, GivesOddNamesTheCertificateOfLocalhost) {
  TlsAuthority authority(folder_, clock_);
  void* localhost = authority.context_for("localhost");
  EXPECT_EQ(authority.context_for(""), localhost);
  EXPECT_EQ(authority.context_for("a,DNS:evil.example"), localhost);
  EXPECT_EQ(authority.context_for(std::string(300, 'a')), localhost);
  for (std::size_t i = 0; i < TlsAuthority::kMaxHosts; ++i) {
    authority.context_for("host" + std::to_string(i) + ".amazonaws.com");
  }
  EXPECT_EQ(authority.context_for("one-too-many.amazonaws.com"), localhost);
}

TEST_F(TlsAuthorityTest, RefusesADamagedKey) {
  {
    TlsAuthority authority(folder_, clock_);
  }
  std::ofstream(folder_ / "ca.key") << "torn";
  EXPECT_THROW(TlsAuthority(folder_, clock_), StorageError);
}

TEST_F(TlsAuthorityTest, MakesCertificatesAnewBeforeTheyEnd) {
  TlsAuthority authority(folder_, clock_);
  void* first = authority.context_for("localhost");
  clock_.advance(std::chrono::days(360));
  EXPECT_EQ(authority.context_for("localhost"), first);
  clock_.advance(std::chrono::days(10));
  EXPECT_NE(authority.context_for("localhost"), first);
}

// Given certificates and those of `clary tls init`, exchanged while they are in use.
class TlsCertificatesTest : public TlsAuthorityTest {
 protected:
  TlsCertificatesTest() : authority_(folder_ / "tls", clock_) {}
  // A certificate of another authority in FOLDER/NAME.pem, with its key in the same file.
  std::filesystem::path foreign(const std::string& name) {
    TlsAuthority other(folder_ / name, clock_);
    other.write_server_file({name + ".example"});
    return other.server_file();
  }
  static std::vector<std::string> names(void* context) {
    return names_of(SSL_CTX_get0_certificate(static_cast<SSL_CTX*>(context)));
  }

  TlsAuthority authority_;
};

TEST_F(TlsCertificatesTest, GivenOneAnswersAllButTunnels) {
  const auto file = foreign("ours");
  TlsCertificates tls({.certificate = file, .key = file}, authority_, clock_);
  EXPECT_THAT(names(tls.context_for("")), testing::Contains("DNS:ours.example"));
  EXPECT_THAT(names(tls.context_for("other.example")), testing::Contains("DNS:ours.example"));
  EXPECT_THAT(names(tls.context_for("sts.us-east-1.amazonaws.com")),
              testing::ElementsAre("DNS:sts.us-east-1.amazonaws.com"));
}

TEST_F(TlsCertificatesTest, WhatCannotBeUsedIsRefusedAtStart) {
  const auto file = foreign("ours"), other = foreign("theirs");
  const auto message = [&](const TlsFiles& files) -> std::string {
    try {
      TlsCertificates tls(files, authority_, clock_);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message({file, other}), testing::HasSubstr("does not belong to the certificate"));
  EXPECT_THAT(message({file, {}}), testing::HasSubstr("go together"));
  EXPECT_THAT(message({file, folder_ / "none"}), testing::HasSubstr("cannot be read"));
  std::ofstream(folder_ / "text") << "no PEM";
  EXPECT_THAT(message({folder_ / "text", file}), testing::HasSubstr("cannot be used"));
  EXPECT_EQ(message({file, file}), "");
}

TEST_F(TlsCertificatesTest, ExchangedWhenTheFileChangesAndKeptWhenItIsBad) {
  const auto file = foreign("ours"), other = foreign("theirs");
  TlsCertificates tls({.certificate = file, .key = file}, authority_, clock_);
  void* first = tls.context_for("");
  std::ofstream(file) << "torn";
  tls.check();
  EXPECT_EQ(tls.context_for(""), first);
  std::filesystem::copy_file(other, file, std::filesystem::copy_options::overwrite_existing);
  tls.check();
  EXPECT_THAT(names(tls.context_for("")), testing::Contains("DNS:theirs.example"));
  EXPECT_THAT(names(first), testing::Contains("DNS:ours.example"));  // still there for who has it
}

TEST_F(TlsCertificatesTest, OwnOneIsFoundAndMadeAnew) {
  TlsCertificates tls({}, authority_, clock_);
  EXPECT_THAT(names(tls.context_for("")), testing::Contains("DNS:localhost"));
  authority_.write_server_file({"clary.lan", "10.0.0.5"});
  tls.check();
  EXPECT_THAT(names(tls.context_for("")),
              testing::IsSupersetOf({"DNS:clary.lan", "IP:10.0.0.5", "DNS:localhost"}));
  const Timestamp end = tls.expires();
  clock_.advance(std::chrono::days(380));
  tls.check();
  EXPECT_GT(tls.expires(), end);
  EXPECT_THAT(names(tls.context_for("")), testing::IsSupersetOf({"DNS:clary.lan", "IP:10.0.0.5"}));
  EXPECT_THROW(authority_.write_server_file({"a,DNS:b"}), std::invalid_argument);
}

}  // namespace
}  // namespace clary::server
