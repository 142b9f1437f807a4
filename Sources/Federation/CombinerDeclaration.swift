/// A combiner as the operator declares it: `NAME=HOST:PORT`.
package struct CombinerDeclaration: Sendable, Hashable {
    package let name: String
    package let host: String
    package let port: Int

    package init(name: String, host: String, port: Int) {
        self.name = name
        self.host = host
        self.port = port
    }
}
