internal import Catalog
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store

/// Which helper, the code that reads and writes model files, the network uses.
struct HelperRoutes: Sendable {
    let helper: ActiveHelper
    let options: ServerOptions

    func add(to table: inout RouteTable) {
        table.add(
            .get("helpers/active"),
            "Returns the active helper.",
            .participants,
            answers: .ok(.oneOf(ActiveHelper.names)),
            use: get
        )
        table.add(
            .put("helpers/active"),
            "Sets the active helper.",
            body: .fields([.required("helper", .oneOf(ActiveHelper.names))]),
            answers: .ok(.message),
            use: put
        )
    }

    /// Answers 200 even when none was set: the official client gives up on any other status but 400.
    @Sendable func get(_ request: Request, context: LedgeContext) async throws -> Response {
        Response(.string(try helper.name()))
    }

    @Sendable func put(_ request: Request, context: LedgeContext) async throws -> Response {
        let fields = try await request.fields(byteCountMax: options.bodyByteCountMax)
        guard let name = fields["helper"]?.string else { throw RequestError.unknownHelper }
        try await helper.set(name)
        return Response(["message": "Active helper set", "active_helper": .string(name)])
    }
}

/// The active helper, kept as one document among the settings.
struct ActiveHelper: Sendable {
    static let names = ["numpyhelper", "binaryhelper", "androidhelper"]
    /// The helper when none was set, as the official client assumes.
    static let defaultName = "numpyhelper"

    private static let id = "active_helper"
    private let settings: Collection

    init(store: Store) {
        settings = store.collection(Resource.settings.name)
    }

    func name() throws -> String {
        guard let setting = try settings.get(Self.id) else { return Self.defaultName }
        return try JSON(parsing: setting.bytes)[path: "value"]?.string ?? Self.defaultName
    }

    /// The helper that a request names, or the active one.
    func name(in fields: JSONObject) throws -> String {
        let name = try fields.text("helper") ?? self.name()
        guard Self.names.contains(name) else { throw RequestError.unknownHelper }
        return name
    }

    /// Returns when the name is on stable storage.
    func set(_ name: String) async throws {
        guard Self.names.contains(name) else { throw RequestError.unknownHelper }
        _ = try await settings.put(["name": .string(Self.id), "value": .string(name)])
    }
}
