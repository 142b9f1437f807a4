internal import API
internal import ArgumentParser

/// Shape: `NAME=HOST:PORT`; a name consists of letters, digits, `_` and `-`, as in FEDn.
extension CombinerDeclaration: ExpressibleByArgument {
    package init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, let authority = Authority(parsing: String(parts[1])), let port = authority.port else {
            return nil
        }
        let isName = parts[0].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
        guard isName, port > 0 else { return nil }
        self.init(name: String(parts[0]), host: authority.host, port: port)
    }
}
