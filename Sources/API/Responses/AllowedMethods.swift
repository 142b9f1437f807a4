internal import HTTPTypes

/// Which methods a path knows: tells 405 from 404 when no route answered.
///
/// It is asked only then, so it simply walks the list of endpoints.
struct AllowedMethods: Sendable {
    private let routes: [(segments: [Substring], method: HTTPRequest.Method)]

    init(_ endpoints: [Endpoint], below prefixes: [String] = [""]) {
        routes = prefixes.flatMap { prefix in
            endpoints.map { ((prefix + $0.path).split(separator: "/"), $0.method) }
        }
    }

    /// The methods of the route that a path belongs to, sorted; empty where there is none.
    ///
    /// Where both `clients/count` and `clients/{id}` match, the path belongs to the one with fewer parameters, as
    /// the router sees it.
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
