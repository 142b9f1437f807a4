internal import Catalog
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Tokens

/// Login of a command line: it shows an address, a person opens it and approves, and it receives tokens.
struct LoginRoutes: Sendable {
    let authority: TokenAuthority?
    let requests = LoginRequests()
    let options: ServerOptions

    func add(to table: inout RouteTable) {
        let isOff = Endpoint.Answer.refused(400, "Authentication is off on this server")
        table.add(
            .post("/api/cli-auth/init"),
            "Starts a login.",
            .open,
            answers: .ok([.required("requestId"), .required("pollToken"), .required("loginUrl")]),
            isOff,
            use: begin
        )
        table.add(
            .get("/api/cli-auth/status"),
            "Returns whether a login was approved and, once, its refresh token.",
            .open,
            parameters: [.query("requestId"), .query("pollToken")],
            answers: .ok([
                .required("status", .oneOf(["pending", "done", "error"])), .optional("message"),
                .optional("refresh_token"), .optional("access_token"), .optional("api_url"),
            ]),
            isOff,
            use: status
        )
        table.add(
            .get("/login"),
            "Returns the page on which a person approves a login.",
            .open,
            parameters: [.query("requestId")],
            answers: .ok(.html),
            use: page
        )
        table.add(
            .post("/login"),
            "Approves or denies a login, with a token.",
            .open,
            body: .fields([
                .required("requestId"), .required("token"), .optional("decision", .oneOf(["approve", "deny"])),
            ]),
            answers: .ok(.html),
            .refused(400, "A field is missing, or authentication is off on this server"),
            .refused(401, "The token is invalid"),
            .refused(403, "The token's role has no access"),
            .refused(404, "No login with that id is pending"),
            use: decide
        )
    }

    @Sendable func begin(_ request: Request, context: LedgeContext) async throws -> Response {
        guard authority != nil else { throw RequestError.authenticationOff }
        let ticket = requests.begin()
        return Response([
            "requestId": .string(ticket.requestID),
            "pollToken": .string(ticket.pollToken),
            "loginUrl": .string("\(origin(of: request))\(options.pathPrefix)/login?requestId=\(ticket.requestID)"),
        ])
    }

    @Sendable func status(_ request: Request, context: LedgeContext) async throws -> Response {
        guard let authority else { throw RequestError.authenticationOff }
        let query = request.query
        switch requests.status(query["requestId"] ?? "", pollToken: query["pollToken"] ?? "") {
        case .pending:
            return Response(["status": "pending"])
        case .denied:
            return Response(["status": "error", "message": "The login was refused"])
        case .unknown:
            return Response(["status": "error", "message": "There is no such login, or it has expired"])
        case .done(let identity):
            let pair = try await authority.logIn(by: identity)
            return Response([
                "status": "done",
                "refresh_token": .string(pair.refresh.text),
                "access_token": .string(pair.access.text),
                "api_url": .string("\(origin(of: request))\(options.pathPrefix)"),
            ])
        }
    }

    @Sendable func page(_ request: Request, context: LedgeContext) async throws -> Response {
        // Only characters of ids are inserted into the page.
        let id = (request.query["requestId"] ?? "").filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        return Response(html: LoginPage.form(requestID: id))
    }

    @Sendable func decide(_ request: Request, context: LedgeContext) async throws -> Response {
        guard let authority else { throw RequestError.authenticationOff }
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let id = try fields.requiredText("requestId")
        let token = try fields.requiredText("token")
        let identity = try authority.verify(String(token.trimmingSpaces))
        guard identity.role.opensEndpoints else { throw RequestError.insufficientRole(identity.role.rawValue) }
        let isRefused = try fields.text("decision") == "deny"
        guard isRefused ? requests.deny(id) : requests.approve(id, as: identity) else {
            throw RequestError.unknownLogin
        }
        return Response(
            html: LoginPage.result(isRefused ? "The login was refused." : "You can go back to the command line.")
        )
    }

    /// Returns the address under which the client reaches this server, from proxy headers if there are any.
    private func origin(of request: Request) -> String {
        let scheme = request.cameOverTLS ? "https" : "http"
        return "\(scheme)://\(request.head.authority ?? "\(options.host):\(options.port)")"
    }
}

/// The two pages of a login: plain HTML without scripts or external resources.
private enum LoginPage {
    static func form(requestID: String) -> String {
        page(
            """
            <p>A command line asks to act for you on this server. Paste a token to approve it; <code>ledge token</code>, run
            on the server, makes one. If you did not start this, refuse it.</p>
            <form method="post" action="login">
            <input type="hidden" name="requestId" value="\(requestID)">
            <label>Token <input type="password" name="token" size="60" required autocomplete="off"></label>
            <button name="decision" value="approve">Approve</button>
            <button name="decision" value="deny">Refuse</button>
            </form>
            """
        )
    }

    static func result(_ sentence: String) -> String {
        page("<p>\(sentence)</p>")
    }

    private static func page(_ content: String) -> String {
        """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>Log in</title></head><body><h1>Log in</h1>
        \(content)
        </body></html>

        """
    }
}
