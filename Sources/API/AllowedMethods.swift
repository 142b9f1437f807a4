internal import Hummingbird

/// Which methods a path knows: tells 405 from 404 when no route answered.
///
/// It is asked only then, so it simply walks the list of routes.
struct AllowedMethods: Sendable {
    private let routes: [(path: RouterPath, method: HTTPRequest.Method)]

    init(_ routes: [Router<LedgeContext>.RouteDescription]) {
        self.routes = routes.map { ($0.path, $0.method) }
    }

    /// The methods of the route that a path belongs to, sorted; empty where there is none.
    ///
    /// Where both `clients/count` and `clients/{id}` match, the path belongs to the one with fewer parameters, as
    /// the router sees it.
    func methods(of path: String) -> [String] {
        let segments = path.split(separator: "/")
        let matching = routes.filter { $0.path.matches(segments) }
        guard let fewest = matching.map(\.path.parameterCount).min() else { return [] }
        var methods = Set(matching.filter { $0.path.parameterCount == fewest }.map(\.method.rawValue))
        if methods.contains("GET") { methods.insert("HEAD") }
        return methods.sorted()
    }
}

extension RouterPath {
    fileprivate func matches(_ segments: [Substring]) -> Bool {
        let elements = Array(self)
        return elements.count == segments.count && zip(elements, segments).allSatisfy { $0 ~= $1 }
    }

    fileprivate var parameterCount: Int {
        filter { $0.description.hasPrefix("{") }.count
    }
}
