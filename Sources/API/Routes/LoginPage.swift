internal import JSON
internal import Tokens

/// The two pages of a log-in: plain HTML without scripts or external resources.
///
/// An attacker can begin a log-in and send its address to an administrator. So the page shows where, when and by which
/// program the request was sent, and the end of the address that the command line printed.
enum LoginPage {
    /// The number of characters of a request's id that a person compares.
    private static let codeCount = 6

    /// Returns the part of a request's id that a person compares: the end of the address.
    static func code(of requestID: String) -> String { String(requestID.suffix(codeCount)) }

    /// Returns the page that asks for a decision; `requestID` contains only letters, digits and hyphens.
    static func form(
        requestID: String,
        _ request: (ticket: LoginRequests.Ticket, requester: LoginRequests.Requester)?,
        at now: Timestamp
    ) -> String {
        page(
            """
            <p class="warning"><strong>Approve only if you yourself started this log-in, just now, on a command line.</strong>
            If you received this address from another person or a web page, refuse: approving gives its sender your access to
            this server.</p>
            \(request.map { description(of: $0.ticket, $0.requester, at: now) } ?? unknown)
            <form method="post" action="login">
            <input type="hidden" name="requestId" value="\(requestID)">
            <p><label>Token <input type="password" name="token" size="60" required autocomplete="off"></label><br>
            <code>ledge token</code>, run on the server, creates one. It is not needed to refuse.</p>
            <button name="decision" value="approve">Approve</button>
            <button name="decision" value="deny" formnovalidate>Refuse</button>
            </form>
            """
        )
    }

    static func result(_ sentence: String) -> String {
        page("<p>\(sentence.escaped)</p>")
    }

    private static let unknown = "<p>No log-in with this address is pending. It may have expired, or been decided.</p>"

    private static func description(
        of ticket: LoginRequests.Ticket,
        _ requester: LoginRequests.Requester,
        at now: Timestamp
    ) -> String {
        let age = max(.zero, now.duration(since: ticket.begunAt)).components.seconds
        var rows = [
            ("Code", "\(code(of: ticket.requestID)): the address that your command line printed ends with it"),
            ("Sent from", requester.address ?? "unknown"),
        ]
        if let forwardedFor = requester.forwardedFor { rows.append(("For, as a proxy reports", forwardedFor)) }
        rows += [
            ("Program", requester.userAgent ?? "unknown"),
            ("Begun", "\(ticket.begunAt.wholeSecondText) UTC, \(age / 60) min \(age % 60) s ago"),
        ]
        let cells = rows.map { "<tr><th scope=\"row\">\($0.escaped)</th><td>\($1.escaped)</td></tr>" }
        return "<table>\n\(cells.joined(separator: "\n"))\n</table>"
    }

    private static func page(_ content: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>Log in</title><style>
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem }
        .warning { border: 2px solid #b00; padding: .5rem 1rem }
        th { text-align: left; vertical-align: top; padding-right: 1rem; white-space: nowrap }
        td { overflow-wrap: anywhere }
        button { font: inherit; width: 10rem; padding: .6rem; margin-right: 1rem; border: 2px solid #333; background: #eee; color: #000 }
        </style></head><body><h1>Log in a command line?</h1>
        \(content)
        </body></html>

        """
    }
}

extension Timestamp {
    /// The time without its fraction: `2026-11-23 19:16:04`.
    fileprivate var wholeSecondText: String {
        String(description.prefix(19)).replacing("T", with: " ")
    }
}
