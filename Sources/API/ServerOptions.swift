package import Connections
package import Control
package import UnixSignals

/// The options of the server.
package struct ServerOptions: Sendable {
    /// Address to listen on.
    package var host = "127.0.0.1"
    /// Port to listen on; 0 for a free one.
    package var port = 8092
    /// Names by which clients may call the server, besides the address it listens on and loopback; see ``BrowserAccess``.
    package var allowedHosts: [AllowedHost] = []
    /// Origins whose web pages may use the server.
    package var allowedOrigins: [AllowedOrigin] = []
    /// An additional prefix for every path, such as `/edge`, for a proxy that passes on its own prefix; empty for none.
    package var pathPrefix = ""
    /// The name of the network, as reported to clients.
    package var networkID = "ledge"
    /// Longest JSON or form body, in bytes; chunks and multipart files have limits of their own, in `BlobStore`.
    package var bodyByteCountMax = 1 << 20
    /// How long a line of an ingest waits for more lines before it is stored.
    package var lineDelay: Duration = .seconds(1)
    package var connections = ConnectionLimits()
    /// The free space, in bytes, below which the disk is reported as degraded; 0 for no such limit.
    package var freeByteCountMin: Int64 = 0
    /// How long requests in flight may continue after a signal to stop.
    package var shutdownTimeout: Duration = .seconds(3)
    /// Which models are kept; nil for all.
    package var modelRetention: ModelRetention?
    /// How many of the newest packages are kept, besides the active one; nil for all.
    package var packageCountMax: Int?
    /// How often expired uploads and tokens, and models and packages that are not kept, are removed.
    package var expiryInterval: Duration = .seconds(600)
    /// The signals that stop the server.
    package var shutdownSignals: [UnixSignal] = [.sigterm, .sigint]

    package init() {}
}
