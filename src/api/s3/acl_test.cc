#include "api/s3/acl.h"

#include "api/s3/access_fixture.h"

namespace clary::api::s3 {
namespace {

TEST(AclTextTest, ComesBack) {
  using To = Grant::To;
  Acl acl = private_acl("000000000000");
  acl.grants.push_back({To::kAllUsers, {}, AclPermission::kRead});
  acl.grants.push_back({To::kAccount, "111122223333", AclPermission::kWriteAcp});
  EXPECT_EQ(parse_acl_text(acl_text(acl), "x"), acl);
  EXPECT_EQ(parse_acl_text(acl_text(Acl{}), "x"), Acl{});
  EXPECT_EQ(parse_acl_text("", "x"), private_acl("x"));
}

class AclTest : public AccessFixture {
 protected:
  AclTest() { as_root(kOwner); }
};

TEST_F(AclTest, AreOffByDefault) {
  EXPECT_EQ(put("k", "x", {{"x-amz-acl", "bucket-owner-full-control"}}).status, 200U);
  for (const std::string acl : {"public-read", "private"}) {
    EXPECT_EQ(put("k", "x", {{"x-amz-acl", acl}}).element("Code"), "AccessControlListNotSupported");
    EXPECT_EQ(send("PUT", "/bucket?acl", {{"x-amz-acl", acl}}).element("Code"),
              "AccessControlListNotSupported");
    EXPECT_EQ(send("PUT", "/bucket/k?acl", {{"x-amz-acl", acl}}).element("Code"),
              "AccessControlListNotSupported");
  }
  EXPECT_EQ(send("GET", "/bucket/k?acl").element("Permission"), "FULL_CONTROL");
}

TEST_F(AclTest, PublicOnesLetEverybodyInUntilTheyAreIgnored) {
  use_acls();
  EXPECT_EQ(put("k", "x", {{"x-amz-acl", "public-read"}}).status, 403U);
  open_to_public();
  EXPECT_EQ(put("k", "x", {{"x-amz-acl", "public-read"}}).status, 200U);
  EXPECT_EQ(put("hidden", "x").status, 200U);
  as_anonymous();
  EXPECT_EQ(send("GET", "/bucket/k").status, 200U);
  EXPECT_EQ(send("GET", "/bucket/hidden").status, 403U);
  EXPECT_EQ(send("GET", "/bucket").status, 403U);
  as_user(kOwner, "nobody");
  EXPECT_EQ(send("GET", "/bucket/k").status, 200U);
  as_root(kOwner);
  const std::string ignore =
      "<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls>"
      "</PublicAccessBlockConfiguration>";
  EXPECT_EQ(send("PUT", "/bucket?publicAccessBlock", {}, ignore).status, 200U);
  EXPECT_EQ(send("GET", "/bucket/k").status, 200U);
  as_anonymous();
  EXPECT_EQ(send("GET", "/bucket/k").status, 403U);
}

TEST_F(AclTest, GrantAnotherAccountWhatTheySay) {
  use_acls();
  put("k", "x");
  const std::string other = "id=\"" + id_of(kOther) + "\"";
  as_root(kOther);
  EXPECT_EQ(send("PUT", "/bucket?acl", {{"x-amz-grant-read", other}}).status, 403U);
  as_root(kOwner);
  // Only accounts of this server can be named; the caller's own are always known.
  EXPECT_EQ(send("PUT", "/bucket?acl", {{"x-amz-grant-read", "id=\"_foo\""}}).element("Code"),
            "InvalidArgument");
  EXPECT_EQ(
      send("PUT", "/bucket?acl", {{"x-amz-grant-read", "emailAddress=\"a@b\""}}).element("Code"),
      "UnresolvableGrantByEmailAddress");
  EXPECT_EQ(send("PUT", "/bucket?acl", {{"x-amz-grant-read", other}}).status, 200U);
  EXPECT_EQ(send("GET", "/bucket?acl").element("Permission"), "READ");
  as_root(kOther);
  EXPECT_EQ(send("GET", "/bucket?list-type=2").status, 200U);
  EXPECT_EQ(send("HEAD", "/bucket").status, 200U);
  EXPECT_EQ(send("GET", "/bucket/k").status, 403U);
  EXPECT_EQ(put("new", "x").status, 403U);
  // A list says what the account may, not who in it.
  as_user(kOther, "nobody");
  EXPECT_EQ(send("GET", "/bucket?list-type=2").status, 403U);
}

TEST_F(AclTest, AnObjectBelongsToWhoeverWroteIt) {
  use_acls();
  open_to_public();
  EXPECT_EQ(send("PUT", "/bucket?acl", {{"x-amz-acl", "public-read-write"}}).status, 200U);
  as_root(kOther);
  EXPECT_EQ(put("theirs", "x").status, 200U);
  EXPECT_EQ(send("GET", "/bucket/theirs").status, 200U);
  EXPECT_EQ(put("given", "x", {{"x-amz-acl", "bucket-owner-read"}}).status, 200U);
  as_root(kOwner);
  EXPECT_EQ(send("GET", "/bucket/theirs").status, 403U);
  EXPECT_EQ(send("GET", "/bucket/theirs?acl").status, 403U);
  EXPECT_EQ(send("GET", "/bucket/given").status, 200U);
  EXPECT_EQ(send("DELETE", "/bucket/theirs").status, 204U);
  // What one's policy grants, it cannot grant on what is not one's own.
  EXPECT_EQ(set_policy(statement("Allow", "\"*\"", "s3:GetObject", "bucket/*")).status, 204U);
  as_root(kOther);
  put("theirs", "x");
  as_anonymous();
  EXPECT_EQ(send("GET", "/bucket/theirs").status, 403U);
  // With ACLs disabled, everything is the bucket owner's again.
  as_root(kOwner);
  EXPECT_EQ(send("PUT", "/bucket?acl", {{"x-amz-acl", "private"}}).status, 200U);
  use_acls("BucketOwnerEnforced");
  EXPECT_EQ(send("GET", "/bucket/theirs").status, 200U);
}

TEST_F(AclTest, WhoMayWriteWithoutAnAccountMayAlsoSayWhoReads) {
  use_acls();
  open_to_public();
  as_anonymous();
  EXPECT_EQ(put("k", "x", {{"x-amz-acl", "public-read"}}).status, 403U);
  as_root(kOwner);
  EXPECT_EQ(send("PUT", "/bucket?acl", {{"x-amz-acl", "public-read-write"}}).status, 200U);
  as_anonymous();
  EXPECT_EQ(put("k", "x", {{"x-amz-acl", "public-read"}}).status, 200U);
  EXPECT_EQ(send("GET", "/bucket/k").status, 200U);
}

TEST_F(AclTest, OwnershipCanBeGivenWithTheObject) {
  use_acls("BucketOwnerPreferred");
  open_to_public();
  EXPECT_EQ(send("PUT", "/bucket?acl", {{"x-amz-acl", "public-read-write"}}).status, 200U);
  as_root(kOther);
  EXPECT_EQ(put("given", "x", {{"x-amz-acl", "bucket-owner-full-control"}}).status, 200U);
  EXPECT_EQ(put("kept", "x").status, 200U);
  EXPECT_EQ(send("GET", "/bucket/given").status, 403U);
  EXPECT_EQ(send("GET", "/bucket/kept").status, 200U);
  as_root(kOwner);
  EXPECT_EQ(send("GET", "/bucket/given").status, 200U);
  EXPECT_EQ(send("GET", "/bucket/kept").status, 403U);
}

TEST_F(AclTest, ABucketWithAPublicListKeepsItsLists) {
  use_acls();
  open_to_public();
  EXPECT_EQ(send("PUT", "/bucket?acl", {{"x-amz-acl", "public-read"}}).status, 200U);
  const auto refused = send("PUT", "/bucket?ownershipControls", {},
                            "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced"
                            "</ObjectOwnership></Rule></OwnershipControls>");
  EXPECT_EQ(refused.element("Code"), "InvalidBucketAclWithObjectOwnership");
  EXPECT_EQ(send("DELETE", "/bucket?ownershipControls").status, 204U);
  EXPECT_EQ(send("GET", "/bucket?ownershipControls").element("Code"),
            "OwnershipControlsNotFoundError");
}

TEST_F(AclTest, NewBucketsMayAskForTheirOwn) {
  EXPECT_EQ(send("PUT", "/made", {{"x-amz-acl", "public-read"}}).element("Code"),
            "InvalidBucketAclWithObjectOwnership");
  EXPECT_EQ(send("PUT", "/made",
                 {{"x-amz-acl", "public-read"}, {"x-amz-object-ownership", "ObjectWriter"}})
                .status,
            403U);
  EXPECT_EQ(
      send("PUT", "/made", {{"x-amz-acl", "private"}, {"x-amz-object-ownership", "ObjectWriter"}})
          .status,
      200U);
  EXPECT_EQ(send("GET", "/made?ownershipControls").element("ObjectOwnership"), "ObjectWriter");
}

}  // namespace
}  // namespace clary::api::s3
