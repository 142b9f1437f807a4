internal import Catalog
internal import Control
internal import Hummingbird
internal import HummingbirdCore
internal import JSON

/// Requests to the controller, except for starting sessions.
struct ControlRoutes: Sendable {
    let controller: Controller
    let options: ServerOptions

    func add(to table: inout RouteTable) {
        table.add(
            .get("/get_controller_status"),
            "Returns the state of the controller.",
            answers: .ok([.required("state", .oneOf(["idle", "instructing", "monitoring"]))]),
            use: state
        )
        table.add(.post("control/stop"), "Stops the running session.", answers: .ok(.message), use: stop)
        table.add(.post("control/skip"), "Continues without waiting for clients.", answers: .ok(.message), use: skip)
        table.add(
            .post("control/continue"),
            "Deprecated name of control/skip.",
            answers: .ok(.message),
            use: `continue`
        )
        addOrders(to: &table)
    }

    private func addOrders(to table: inout RouteTable) {
        let unknownModel = Endpoint.Answer.refused(404, "Unknown model")
        let noClients = Endpoint.Answer.refused(400, "No client is online")
        let clientIDs = Schema.Member.optional("client_ids", .texts, "Default: all clients")
        let order: [Schema.Member] = [
            .optional("parameters", .any), clientIDs,
            .optional("timeout", .number, "Seconds; default: 180; -1: unlimited"),
            .optional("synchronous", .bool, "Whether the response waits for the responses of the clients"),
        ]
        table.add(
            .post("control/run_command"),
            "Sends a custom command to clients; fields not listed here become parameters.",
            body: .json(
                .object([.required("command_type", .string, "The prefix Custom_ is added if it is missing")] + order)
            ),
            answers: .ok(.message),
            .refused(400, "The type is missing or reserved, or no client is online"),
            use: runCommand
        )
        table.add(
            .post("control/start_inference"),
            "Starts inference of a model on clients.",
            body: .json(.object([.required("model_id")] + order)),
            answers: .ok(.message),
            unknownModel,
            noClients,
            use: startInference
        )
        table.add(
            .post("validations/start"),
            "Starts validation of a model on clients.",
            body: .fields([.required("model_id"), .optional("session_id")]),
            answers: .ok(.message),
            unknownModel,
            noClients,
            use: startValidation
        )
        table.add(
            .post("models/{id}/stage"),
            "Lets clients download a model in advance.",
            body: .json(.object([clientIDs])),
            answers: .ok(.message),
            noClients,
            use: stage
        )
    }

    @Sendable func state(_ request: Request, context: LedgeContext) async throws -> Response {
        Response(["state": .string(controller.state.rawValue)])
    }

    /// Answers 200 even if no session or command is running.
    @Sendable func stop(_ request: Request, context: LedgeContext) async throws -> Response {
        do { try await controller.stop() } catch ControlError.nothingRunning {}
        return Response(["message": "Sent stop signal"])
    }

    @Sendable func skip(_ request: Request, context: LedgeContext) async throws -> Response {
        do { try await controller.skip() } catch ControlError.nothingRunning {}
        return Response(["message": "Sent skip signal"])
    }

    @Sendable func `continue`(_ request: Request, context: LedgeContext) async throws -> Response {
        do { try await controller.skip() } catch ControlError.nothingRunning {}
        return Response(["message": "Sent continue signal"])
    }

    /// Runs a custom command: the official client sends `parameters`; in the reference, all other fields are
    /// parameters.
    @Sendable func runCommand(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let outcome = try await controller.runCommand(
            fields.text("command_type"),
            order(in: fields, known: ["command_type"])
        )
        return Response(.object(outcome.answer))
    }

    @Sendable func startInference(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let model = try fields.requiredText("model_id")
        let outcome = try await controller.startInference(modelID: model, order(in: fields, known: ["model_id"]))
        var answer = outcome.answer
        answer["message"] = "Inference session started successfully"
        return Response(.object(answer))
    }

    @Sendable func startValidation(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let model = try fields.requiredText("model_id")
        let outcome = try await controller.startValidation(sessionID: fields.text("session_id"), modelID: model)
        var answer = outcome.answer
        answer["message"] = "Validation started"
        return Response(.object(answer))
    }

    @Sendable func stage(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let outcome = try await controller.stageModel(context.parameter("id"), clientIDs: fields.list("client_ids"))
        var answer = outcome.answer
        answer["message"] = "Model is being staged"
        return Response(.object(answer))
    }

    /// Reads an order; fields that are neither `known` nor part of an order are parameters as well.
    private func order(in fields: JSONObject, known: Set<String>) throws -> CommandOrder {
        let own: Set<String> = known.union(["parameters", "client_ids", "timeout", "synchronous", "blocking"])
        let extra = fields.filter { !own.contains($0.key) }
        var parameters = fields["parameters"] ?? .null
        if !extra.isEmpty {
            var merged = parameters.object ?? JSONObject()
            for (name, value) in extra { merged[name] = value }
            parameters = .object(merged)
        }
        var timeout: Double?
        switch fields["timeout"] {
        case nil, .null: break
        case .number(let number)?: timeout = number.double
        case .string(let text)?:
            guard let value = Double(text), value.isFinite else {
                throw ValidationError.malformedField("timeout", expected: "a number of seconds")
            }
            timeout = value
        default: throw ValidationError.malformedField("timeout", expected: "a number of seconds")
        }
        return CommandOrder(
            parameters: parameters,
            clientIDs: try fields.list("client_ids"),
            timeout: timeout,
            isSynchronous: try fields.bool("synchronous") ?? fields.bool("blocking") ?? false
        )
    }
}

extension CommandOutcome {
    /// The texts of the reference, with the results of a synchronous command.
    var answer: JSONObject {
        switch self {
        case .pending(let type, let id):
            ["message": .string("Command \(type.name) is pending"), "correlation_id": .string(id)]
        case .executed(let type, let id, let status, let results):
            [
                "message": .string("Sent command: \(type.name)"),
                "correlation_id": .string(id),
                "status": .string(status.rawValue),
                "results": .array(
                    results.map {
                        [
                            "client_id": .string($0.clientID),
                            "correlation_id": .string($0.correlationID),
                            "status": .string($0.status.rawValue),
                            "response": $0.response,
                        ]
                    }
                ),
            ]
        }
    }
}
