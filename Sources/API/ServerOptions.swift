package import Connections
package import UnixSignals

/// What the operator may set.
package struct ServerOptions: Sendable {
    /// Address to listen on.
    package var host = "127.0.0.1"
    /// Port to listen on; 0 lets the kernel pick one.
    package var port = 8092
    /// A second place for every path, such as `/edge`: for a proxy that passes its own prefix on; empty for none.
    package var pathPrefix = ""
    /// What clients are told the network is called.
    package var networkID = "ledge"
    /// Longest JSON or form body, in bytes; chunks and multipart files have limits of their own, in `BlobStore`.
    package var bodyByteCountMax = 1 << 20
    package var connections = ConnectionLimits()
    /// How long requests in flight may go on after a signal to stop.
    package var shutdownTimeout: Duration = .seconds(3)
    /// How often uploads and tokens that have expired are looked for.
    package var expiryInterval: Duration = .seconds(600)
    /// The signals that stop the server.
    package var shutdownSignals: [UnixSignal] = [.sigterm, .sigint]

    package init() {}
}
