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
    let audit: AuditLog

    func add(to table: inout RouteTable) {
        let isOff = Endpoint.Answer.refused(400, "Authentication is off on this server")
        table.add(
            .post("/api/cli-auth/init"),
            "Starts a login.",
            .open,
            answers: .ok([.required("requestId"), .required("pollToken"), .required("loginUrl")]).secret,
            isOff,
            .refused(429, "Too many logins are pending, in total or from your address; Retry-After is in seconds"),
            use: begin
        )
        table.add(
            .get("/api/cli-auth/status"),
            "Returns whether a login was approved and, once, its refresh token; HEAD does not return it.",
            .open,
            parameters: [.query("requestId"), .query("pollToken")],
            answers: .ok([
                .required("status", .oneOf(["pending", "done", "error"])), .optional("message"),
                .optional("refresh_token"), .optional("access_token"), .optional("api_url"),
            ]).secret,
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
            "Approves a login with a token, or denies it.",
            .open,
            body: .fields([
                .required("requestId"), .optional("token", .string, "Required to approve"),
                .optional("decision", .oneOf(["approve", "deny"]), "Default: approve"),
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
        let requester = LoginRequests.Requester(
            address: context.address,
            forwardedFor: request.headers[.forwardedFor]?.printable,
            userAgent: request.headers[.userAgent]?.printable
        )
        let ticket: LoginRequests.Ticket
        do { ticket = try requests.begin(from: requester) } catch {
            throw RequestError.tooManyLogins(retryAfter: error.retryAfter)
        }
        audit.loginBegun(ticket.requestID, requester)
        return Response([
            "requestId": .string(ticket.requestID),
            "pollToken": .string(ticket.pollToken),
            "loginUrl": .string("\(origin(of: request))\(options.pathPrefix)/login?requestId=\(ticket.requestID)"),
        ])
    }

    /// Returns the tokens once, to a GET; a HEAD has no effect.
    @Sendable func status(_ request: Request, context: LedgeContext) async throws -> Response {
        guard let authority else { throw RequestError.authenticationOff }
        let (id, secret) = (request.query["requestId"] ?? "", request.query["pollToken"] ?? "")
        let isHead = request.method == .head
        switch isHead ? requests.status(id, pollToken: secret) : requests.take(id, pollToken: secret) {
        case .pending:
            return Response(["status": "pending"])
        case .denied:
            return Response(["status": "error", "message": "The login was refused"])
        case .unknown:
            return Response(["status": "error", "message": "There is no such login, or it has expired"])
        case .done where isHead:
            return Response(["status": "done"])
        case .done(let identity):
            let pair = try await authority.logIn(by: identity)
            audit.issued(
                .family,
                id: pair.family,
                role: pair.access.role,
                subject: pair.subject,
                by: identity,
                from: context.address
            )
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
        return Response(html: LoginPage.form(requestID: id, requests.pending(id), at: .now()))
    }

    @Sendable func decide(_ request: Request, context: LedgeContext) async throws -> Response {
        guard let authority else { throw RequestError.authenticationOff }
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let id = try fields.requiredText("requestId")
        if try fields.text("decision") == "deny" {
            guard requests.deny(id) else { throw RequestError.unknownLogin }
            audit.loginDecided(id, approvedBy: nil, from: context.address)
            return Response(html: LoginPage.result("The login was refused."))
        }
        let identity = try authority.verify(String(try fields.requiredText("token").trimmingSpaces))
        guard identity.role.opensEndpoints else { throw RequestError.insufficientRole(identity.role.rawValue) }
        guard requests.approve(id, as: identity) else { throw RequestError.unknownLogin }
        audit.loginDecided(id, approvedBy: identity, from: context.address)
        return Response(html: LoginPage.result("You can go back to the command line."))
    }

    /// Returns the address under which the client reaches this server, from proxy headers if there are any.
    private func origin(of request: Request) -> String {
        let scheme = request.cameOverTLS ? "https" : "http"
        return "\(scheme)://\(request.head.authority ?? "\(options.host):\(options.port)")"
    }
}
