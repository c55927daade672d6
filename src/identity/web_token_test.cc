#include "identity/web_token.h"

#include <gtest/gtest.h>

#include "identity/web_token_test_support.h"

namespace clary::identity {
namespace {

TEST(WebToken, SignaturesOfBothKindsOfKeys) {
  for (const auto type : {TestSigner::Type::kRsa, TestSigner::Type::kEc}) {
    const TestSigner signer(type), other(type);
    const auto token = parse_web_token(signer.token({{"sub", "ann"}}));
    ASSERT_TRUE(token);
    EXPECT_EQ(string_or(token->claims, "sub"), "ann");
    EXPECT_TRUE(signed_by(*token, signer.keys()));
    EXPECT_FALSE(signed_by(*token, other.keys()));
    EXPECT_EQ(fault_of_keys(signer.keys()), std::nullopt);
  }
}

TEST(WebToken, AChangedTokenIsNotSigned) {
  const TestSigner signer;
  auto token = parse_web_token(signer.token({{"sub", "ann"}}));
  token->signed_text.back() ^= 1;
  EXPECT_FALSE(signed_by(*token, signer.keys()));
  auto cut = parse_web_token(signer.token({{"sub", "ann"}}));
  cut->signature.pop_back();
  EXPECT_FALSE(signed_by(*cut, signer.keys()));
}

// The classic ways around a signature: none, a public key as HMAC secret, another key id.
TEST(WebToken, TheHeaderChoosesNothing) {
  const TestSigner signer(TestSigner::Type::kRsa);
  for (const char* algorithm : {"none", "HS256", "ES256", "", "RS512"}) {
    const auto token = parse_web_token(signer.token({{"sub", "ann"}}, {{"alg", algorithm}}));
    ASSERT_TRUE(token);
    EXPECT_FALSE(signed_by(*token, signer.keys())) << algorithm;
  }
  EXPECT_FALSE(signed_by(*parse_web_token(signer.token({}, {{"kid", "two"}})), signer.keys()));
  EXPECT_FALSE(parse_web_token(signer.token({}, {{"crit", json::array{"b64"}}})));
}

TEST(WebToken, WhatIsNoToken) {
  for (const char* text : {"", ".", "..", "a.b", "a.b.c.d", "e30.e30", "e30.W10.", "!.e30.e30"}) {
    EXPECT_FALSE(parse_web_token(text)) << text;
  }
  EXPECT_FALSE(parse_web_token("e30.e30." + std::string(30000, 'A')));
}

TEST(WebToken, KeySetsThatAreNone) {
  for (const char* text : {"", "[]", "{}", R"({"keys":[]})", R"({"keys":[1]})",
                           R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})",
                           R"({"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]})"}) {
    EXPECT_NE(fault_of_keys(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace clary::identity
