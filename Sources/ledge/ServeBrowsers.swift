internal import API
internal import ArgumentParser

/// The options of ``Serve`` about web pages and the names of the server.
struct ServeBrowsers: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Name by which clients may call the server, with or without a port; * for every name. Repeatable. Without "
                + "--authentication only the address that it listens on, loopback and these are served, which protects "
                + "against DNS rebinding; with it, every name unless this option is given. (default: none)",
            valueName: "host"
        )
    )
    var allowHost: [AllowedHost] = []

    @Option(
        help: ArgumentHelp(
            "Origin whose web pages may use the server, such as https://app.example:8443; * for all. Repeatable. Requests "
                + "of other pages that change data are refused. (default: none)",
            valueName: "origin"
        )
    )
    var allowOrigin: [AllowedOrigin] = []

    /// Whether every web page may use the server.
    var allowsAllPages: Bool { allowOrigin.contains(.any) }
}

extension AllowedHost: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(parsing: argument)
    }
}

extension AllowedOrigin: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(parsing: argument)
    }
}
