"""Signing in and out, and what keeps others out."""

import http.client
import json

import aws
import pytest
import raw_http
from playwright.sync_api import expect

PASSWORD = "Correct-Horse-7"


@pytest.fixture
def user(clients):
    """A user who may look at training jobs, with a password."""
    name = aws.unique("ann")
    iam = clients.iam
    iam.create_user(UserName=name)
    iam.create_login_profile(UserName=name, Password=PASSWORD)
    iam.put_user_policy(UserName=name, PolicyName="look", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sagemaker:List*", "Resource": "*"}]}))
    return name


def session(server, method, body=None, headers=None, path="session"):
    """One request of the sign-in, as a program would send it."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, f"/_console/{path}", json.dumps(body) if body is not None else None,
                       {"X-Clary-Console": "1", "Content-Type": "application/json"} | (headers or {}))
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, json.loads(text) if text else {}


def test_a_browser_is_sent_to_the_console(server):
    """Who types the server's address wants the console; S3 clients still get S3's answer."""
    page = raw_http.send(server, "GET", "/", {"Accept": "text/html,*/*"})
    assert page.status == 302 and page.headers["location"] == "/_console/"
    assert "AccessDenied" in raw_http.send(server, "GET", "/", {"Accept": "*/*"}).text


def test_headers_of_the_page(server):
    """No code from elsewhere, no frame around it, no guessing of types."""
    page = raw_http.send(server, "GET", "/_console/training/some.job.v1", {})
    policy = page.headers["content-security-policy"]
    assert page.status == 200 and page.headers["cache-control"] == "no-cache"
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    assert raw_http.send(server, "GET", "/_console/assets/gone.js", {}).status == 404
    assert raw_http.send(server, "POST", "/_console/training", {}).status == 405


def test_with_the_owners_key(console):
    """The key of `clary env` opens the console, and nothing of it stays in the browser."""
    page = console.open()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    console.check("sign-in")
    console.check_narrow("sign-in")
    console.sign_in_with_key()
    expect(page).to_have_title("Home · Clary")
    kept = page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.cookie")
    assert console.server.exported["AWS_SECRET_ACCESS_KEY"] not in kept
    assert console.server.exported["AWS_ACCESS_KEY_ID"] not in kept
    assert "clary_console" not in kept, "scripts can read the session's cookie"


def test_a_wrong_key(console):
    page = console.open()
    console.fill_key("AKIAIOSFODNN7EXAMPLE", "wrong")
    expect(page.get_by_text("The access key is not known here")).to_be_visible()


def test_with_a_password(console, user):
    """A user's session survives a reload, says who it is, and ends at sign-out for every tab."""
    page = console.sign_in(user, "wrong")
    expect(page.get_by_text("user name or password is wrong")).to_be_visible()
    console.check("sign-in-failed")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name=user)).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name=user)).to_be_visible()
    page.get_by_role("button", name=user).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_where_one_was(owner):
    """A session that ended asks to sign in again and goes on at the same page."""
    page = owner.open("/training")
    expect(page.get_by_role("heading", name="Training jobs", level=1)).to_be_visible()
    owner.context.clear_cookies()
    page.reload()
    exported = owner.server.exported
    owner.fill_key(exported["AWS_ACCESS_KEY_ID"], exported["AWS_SECRET_ACCESS_KEY"])
    expect(page.get_by_role("heading", name="Training jobs", level=1)).to_be_visible()


def test_a_password_that_has_to_be_changed(console, clients, user):
    clients.iam.update_login_profile(UserName=user, PasswordResetRequired=True)
    page = console.sign_in(user, PASSWORD)
    expect(page.get_by_text("Choose a new one below")).to_be_visible()
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("not as the account's password policy asks")).to_be_visible()
    page.get_by_label("New password").fill("Another-Horse-8")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("button", name=user)).to_be_visible()


def test_what_a_user_may_not_do_is_shown(console, user):
    """With the action, the resource and the reason; what is allowed works beside it."""
    page = console.sign_in(user, PASSWORD)
    expect(page.get_by_role("button", name=user)).to_be_visible()
    console.open("/training/some-job")
    expect(page.get_by_text("You may not do this: sagemaker:DescribeTrainingJob")).to_be_visible()
    expect(page.get_by_text("no identity-based policy allows")).to_be_visible()
    console.check("denied")
    console.open("/training?name=none-is-called-so")
    expect(page.get_by_text("Nothing is like that")).to_be_visible()


def test_sessions_of_the_api(server, clients, user):
    """The cookie is good for credentials that last minutes, and for nothing once signed out."""
    answer, who = session(server, "POST", {"account": "", "user": user, "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert answer.status == 200 and who["arn"].endswith(f":user/{user}")
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/_console" in cookie
    jar = {"Cookie": cookie.split(";")[0]}
    answer, key = session(server, "POST", None, jar, "credentials")
    assert answer.status == 200 and key["AccessKeyId"].startswith("ASIA")
    import people
    mine = people.client_of_key(server, "sts", key)
    assert mine.get_caller_identity()["Arn"] == who["arn"]
    # AWS's console may call IAM for its users, sessions of GetSessionToken may not.
    with pytest.raises(Exception, match="AccessDenied"):
        people.client_of_key(server, "iam", key).list_users()
    assert session(server, "DELETE", None, jar)[0].status == 200
    assert session(server, "POST", None, jar, "credentials")[0].status == 401
    with pytest.raises(Exception, match="InvalidClientTokenId"):
        mine.get_caller_identity()


def test_requests_of_other_sites(server):
    """A form or a link of another page cannot send the header field that each request needs."""
    for method, path in (("POST", "session"), ("POST", "credentials"), ("DELETE", "session")):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request(method, f"/_console/{path}", "{}", {"Origin": "http://evil.example"})
        answer = connection.getresponse()
        assert answer.status == 403 and "Access-Control-Allow-Origin" not in answer.headers
        connection.close()


def test_bad_requests(server):
    for body in ("", "[]", "{", "\"x\""):
        answer = raw_http.send(server, "POST", "/_console/session", {"X-Clary-Console": "1"}, body.encode())
        assert answer.status == 400, body
    answer = raw_http.send(server, "POST", "/_console/session", {"X-Clary-Console": "1"}, b" " * 20_000)
    assert answer.status == 413
    assert session(server, "POST", {"user": 7, "password": ["x"]})[0].status == 401
    assert session(server, "GET", None, {"Cookie": "clary_console=" + "a" * 64})[0].status == 401
    assert session(server, "PUT", {})[0].status == 405


def test_guessers_wait_and_are_written_down(server, clients, user):
    """After a few wrong passwords the next try has to wait; the audit log has them."""
    # The wait that the fifth costs is a second, that of each further one twice as long: a slow
    # machine may miss the first of them, but not every one.
    tried = []
    while (not tried or tried[-1].status == 401) and len(tried) < 12:
        tried.append(session(server, "POST", {"user": user, "password": "guess"})[0])
    assert len(tried) > 5 and tried[-1].status == 429 and int(tried[-1].headers["Retry-After"]) >= 1

    def found():
        events = clients.cloudtrail.lookup_events(LookupAttributes=[
            {"AttributeKey": "EventName", "AttributeValue": "ConsoleLogin"}], MaxResults=50)["Events"]
        records = [json.loads(one["CloudTrailEvent"]) for one in events]
        return any(one.get("errorMessage") == "Failed authentication" for one in records)
    aws.wait_until(found, 60)
