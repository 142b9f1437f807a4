internal import HTTPTypes

/// Finds the methods that a path allows, to distinguish 405 from 404 when no route matched.
///
/// It is used only then, so a linear search over the endpoints is sufficient.
struct AllowedMethods: Sendable {
    private let routes: [(segments: [Substring], method: HTTPRequest.Method)]

    init(_ endpoints: [Endpoint], below prefixes: [String] = [""]) {
        routes = prefixes.flatMap { prefix in
            endpoints.map { ((prefix + $0.path).split(separator: "/"), $0.method) }
        }
    }

    /// Returns the methods of the route that a path belongs to, sorted; empty if there is none.
    ///
    /// If both `clients/count` and `clients/{id}` match, the one with fewer parameters is chosen, as in the router.
    func methods(of path: String) -> [String] {
        let segments = path.split(separator: "/")
        let matching = routes.filter { Self.matches($0.segments, segments) }
        guard let fewest = matching.map({ Self.parameterCount($0.segments) }).min() else { return [] }
        var methods = Set(matching.filter { Self.parameterCount($0.segments) == fewest }.map(\.method.rawValue))
        if methods.contains("GET") { methods.insert("HEAD") }
        return methods.sorted()
    }

    private static func matches(_ route: [Substring], _ path: [Substring]) -> Bool {
        route.count == path.count && zip(route, path).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    private static func parameterCount(_ route: [Substring]) -> Int {
        route.count { $0.hasPrefix("{") }
    }
}
