internal import Blobs
internal import Catalog
internal import Control
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store
internal import Tokens

/// The routes of `packages` besides the generic ones: creation, deletion, activation, download.
struct PackageRoutes: Sendable {
    let packages: Packages
    let blobs: BlobStore
    let controller: Controller
    let options: ServerOptions

    init(_ network: FederatedNetwork, controller: Controller, options: ServerOptions) {
        packages = network.packages
        blobs = network.blobs
        self.controller = controller
        self.options = options
    }

    /// The fields of a new package.
    private static let members: [Schema.Member] = [
        .required("file_token", .string, "From file-upload/{id}/complete; or send the file itself"),
        .optional("helper", .oneOf(ActiveHelper.names), "Default: the active helper"),
        .optional("name", .string, "Default: the name of the file"),
        .optional("description"),
        .optional("file_name"),
        .optional("restart_clients", .bool, "Restarts the clients with the new package"),
        .optional("abort_ongoing_tasks", .bool),
    ]

    private static let none = Endpoint.Answer.refused(404, "There is no such package")

    func add(to table: inout RouteTable) {
        table.add(
            .post("packages"),
            "Stores a package and activates it.",
            body: .fieldsOrFile(Self.members),
            answers: .ok([.required("success", .bool), .required("message"), .required("package_id")]),
            .refused(400, "A field is missing or invalid, or the file is not an archive that clients can unpack"),
            .refused(404, "Unknown file_token"),
            .refused(409, "Another request is using the token"),
            .refused(413, "The body exceeds the size limit"),
            use: create
        )
        table.add(
            .delete("packages/{id}"),
            "Deletes one package and its file.",
            answers: .ok(.message),
            .refused(409, "The package is active"),
            use: delete
        )
        addActive(to: &table)
        addFiles(to: &table)
    }

    private func addActive(to table: inout RouteTable) {
        table.add(
            .get("packages/active"),
            "Returns the active package.",
            .participants,
            answers: .ok(.document(.packages)),
            Self.none,
            use: active
        )
        table.add(
            .put("packages/active"),
            "Activates a package.",
            body: .fields([.required("id")]),
            answers: .ok(.message),
            Self.none,
            use: activate
        )
        table.add(
            .delete("packages/active"),
            "Deactivates the active package.",
            answers: .ok(.message),
            use: deactivate
        )
    }

    private func addFiles(to table: inout RouteTable) {
        let name = Endpoint.Parameter.query("name", .string, "A package or its file; default: the active package")
        table.add(
            .get("packages/checksum"),
            "Returns the SHA-256 of a package.",
            .participants,
            parameters: [name],
            answers: .ok([.required("checksum"), .required("message")]),
            Self.none,
            use: checksum
        )
        table.add(
            .get("packages/download"),
            "Returns the bytes of a package; clients and combiners may download the active one only.",
            .participants,
            parameters: [name] + .download,
            answers: .ok(.bytes),
            .partialContent,
            .notModified,
            .rangeNotSatisfiable,
            Self.none,
            use: download
        )
    }

    /// Stores a package from the token of an upload, or from a `file` in a multipart body; it becomes the active one.
    @Sendable func create(_ request: Request, context: LedgeContext) async throws -> Response {
        try await request.publishing(Self.members, into: blobs, byteCountMax: options.bodyByteCountMax) { fields in
            var package = fields
            let restartsClients = try fields.bool("restart_clients") ?? false
            let abortsTasks = try fields.bool("abort_ongoing_tasks") ?? false
            package["restart_clients"] = nil
            package["abort_ongoing_tasks"] = nil
            let id = try await packages.publish(package)
            if restartsClients { _ = try await controller.restartClients(abortOngoingTasks: abortsTasks) }
            return Response(["success": true, "message": "Package uploaded", "package_id": .string(id)])
        }
    }

    @Sendable func delete(_ request: Request, context: LedgeContext) async throws -> Response {
        try await packages.delete(context.parameter("id"))
        return Response(["message": "Package deleted"])
    }

    @Sendable func active(_ request: Request, context: LedgeContext) async throws -> Response {
        Response(try await packages.find(nil))
    }

    @Sendable func activate(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        let id = try fields.requiredText("id")
        try await packages.activate(id)
        return Response(["message": "Active package set", "package_id": .string(id)])
    }

    @Sendable func deactivate(_ request: Request, context: LedgeContext) async throws -> Response {
        try await packages.deactivate()
        return Response(["message": "Active package deleted"])
    }

    @Sendable func checksum(_ request: Request, context: LedgeContext) async throws -> Response {
        let package = try await packages.find(Self.name(in: request)).object
        return Response(["checksum": package["checksum"] ?? .null, "message": "Checksum found."])
    }

    /// Answers the bytes with their file name, whose suffix shows the client how to unpack them.
    @Sendable func download(_ request: Request, context: LedgeContext) async throws -> Response {
        let name = Self.name(in: request)
        let isAdministrator = context.identity.map { $0.role == .admin } ?? true
        let package = try await (isAdministrator ? packages.find(name) : packages.findActive(name)).object
        return try BlobDownload(
            reader: await blobs.open(package["blob_id"]?.string ?? ""),
            fileName: package["storage_file_name"]?.string ?? "",
            channel: context.channel,
            logger: context.logger
        ).response(to: request)
    }

    /// Returns the name of a package in a request; nil for the active one.
    private static func name(in request: Request) -> String? {
        request.query["name"].flatMap { $0.isEmpty ? nil : $0 }
    }
}
