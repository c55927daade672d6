"""What goes wrong in ways a user can mend. The text becomes the job's FailureReason."""


class UserError(Exception):
    """The request or the code that came with it is wrong: a ClientError."""

    def __str__(self) -> str:
        return "ClientError: " + super().__str__()


class ScriptFailed(Exception):
    """The user's own program ended with an error; the wording is the training toolkit's."""

    def __init__(self, code: int, message: str, command: list[str]):
        shown = message.replace('"', "'")
        note = ('\nExtraInfo "OutOfMemory: Process killed by SIGKILL (signal 9)"'
                if code in (137, -9) else "")
        super().__init__(f'ExecuteUserScriptError:\nExitCode {code}\nErrorMessage "{shown}"'
                         f'{note}\nCommand "{" ".join(command)}"')
