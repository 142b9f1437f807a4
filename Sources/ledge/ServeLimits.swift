internal import API
internal import ArgumentParser
internal import Blobs
internal import Connections
internal import Inspection
internal import Store

/// The limits of the server, as options of ``Serve``; the defaults are those of the modules.
struct ServeLimits: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Maximum size of a file. While less is free, /readyz is degraded, if this option is used. (default: "
                + "\(ByteCount(BlobStore.Options().fileByteCountMax)))",
            valueName: "size"
        )
    )
    var maxUploadSize: ByteCount?

    @Option(help: ArgumentHelp("Minimum chunk size that the server returns to a client.", valueName: "size"))
    var minChunkSize = ByteCount(Int64(BlobStore.Options().chunkByteCountMin))

    @Option(help: ArgumentHelp("Maximum size of a chunk.", valueName: "size"))
    var maxChunkSize = ByteCount(Int64(BlobStore.Options().chunkByteCountMax))

    @Option(help: ArgumentHelp("Hours without activity after which an upload is removed.", valueName: "hours"))
    var uploadLifetime = Int(BlobStore.Options().uploadLifetime / .seconds(3600))

    @Option(help: ArgumentHelp("Maximum number of uploads that are unfinished or not used yet.", valueName: "count"))
    var maxUnfinishedUploads = BlobStore.Options().unfinishedUploadCountMax

    @Option(
        help: ArgumentHelp(
            "Maximum number of them for one client address. Clients of a reverse proxy share its address. "
                + "(default: unlimited)",
            valueName: "count"
        )
    )
    var maxUnfinishedUploadsPerAddress: Int?

    @Option(
        help: ArgumentHelp(
            "Maximum sum of their declared sizes. (default: the free space of the disk)",
            valueName: "size"
        )
    )
    var maxUnfinishedBytes: ByteCount?

    @Option(help: ArgumentHelp("Size at which a log segment is closed.", valueName: "size"))
    var segmentSize = ByteCount(Store.Options().segmentByteCountMax)

    @Option(help: ArgumentHelp("Memory for recently decompressed records.", valueName: "size"))
    var frameCache = ByteCount(Int64(Store.Options().frameCacheByteCountMax))

    @Option(
        help: ArgumentHelp(
            "Retention of a collection of events: age:30d (s, m, h, d, y), bytes:10GiB, count:1000000, or several "
                + "separated by commas. The oldest segments are dropped as soon as one rule permits it. "
                + "models=count:20 keeps the newest models of each session, with keep-ancestors also those from which a "
                + "kept one descends; packages=count:5 keeps the newest packages. Repeatable. (default: keep everything)",
            valueName: "collection=rule"
        ),
        transform: { try RetentionArgument(parsing: $0) }
    )
    var retain: [RetentionArgument] = []

    @Option(
        help: ArgumentHelp(
            "Disk space that is reserved for deletions on a full disk: 1MiB or more, or 0 for none.",
            valueName: "size"
        )
    )
    var reserve = ByteCount(16 << 20)

    @Option(help: ArgumentHelp("Maximum size of a JSON or form body.", valueName: "size"))
    var maxBodySize = ByteCount(Int64(ServerOptions().bodyByteCountMax))

    @Option(
        help: ArgumentHelp(
            "Maximum number of connections; at most a third of the files that the process may open. A further connection "
                + "closes the one that has been idle longest.",
            valueName: "count"
        )
    )
    var maxConnections = ConnectionLimits().countMax

    @Option(
        help: ArgumentHelp(
            "Maximum number of them from one client address. Clients of a reverse proxy share its address. "
                + "(default: unlimited)",
            valueName: "count"
        )
    )
    var maxConnectionsPerAddress: Int?

    @Option(help: ArgumentHelp("Maximum time between two requests of a connection.", valueName: "seconds"))
    var idleTimeout = Int(ConnectionLimits().idleTimeout / .seconds(1))

    @Option(help: ArgumentHelp("Maximum time to receive the head of a request.", valueName: "seconds"))
    var headerTimeout = Int(ConnectionLimits().headTimeout / .seconds(1))

    @Option(
        help: ArgumentHelp("Time over which the transfer rate for --min-rate is averaged.", valueName: "seconds")
    )
    var stallTimeout = Int(ConnectionLimits().stallTimeout / .seconds(1))

    @Option(
        help: ArgumentHelp("Minimum transfer rate of a body or a response, per second.", valueName: "size")
    )
    var minRate = ByteCount(Int64(ConnectionLimits().byteRateMin))

    /// Received bytes are in memory until they are written, so the size of chunks limits memory.
    private static let chunkSizes: ClosedRange<Int64> = 1...1 << 30
    /// Offsets in a segment have 32 bits, and the last record may end past the limit.
    private static let segmentSizes: ClosedRange<Int64> = 4 << 10...1 << 30
    /// From a few frames to the memory of a large machine.
    private static let frameCacheSizes: ClosedRange<Int64> = 1 << 20...1 << 40
    /// At least the size of a group commit of deletions.
    private static let reserveSizes: ClosedRange<Int64> = 1 << 20...1 << 40
    /// A document of this size fits into a record.
    private static let bodySizes: ClosedRange<Int64> = 1 << 10...8 << 20
    private static let lifetimes = 1...24 * 365
    private static let counts = 1...1_000_000
    private static let timeouts = 1...3600
    private static let rates: ClosedRange<Int64> = 1...1 << 30

    mutating func validate() throws {
        try Self.require(minChunkSize, in: Self.chunkSizes, "--min-chunk-size")
        try Self.require(maxChunkSize, in: Self.chunkSizes, "--max-chunk-size")
        try Self.require(segmentSize, in: Self.segmentSizes, "--segment-size")
        try Self.require(frameCache, in: Self.frameCacheSizes, "--frame-cache")
        if reserve.bytes != 0 { try Self.require(reserve, in: Self.reserveSizes, "--reserve") }
        try Self.require(maxBodySize, in: Self.bodySizes, "--max-body-size")
        try Self.require(minRate, in: Self.rates, "--min-rate")
        try Self.require(maxUnfinishedUploads, in: Self.counts, "--max-unfinished-uploads")
        try Self.require(maxUnfinishedUploadsPerAddress, in: Self.counts, "--max-unfinished-uploads-per-address")
        try Self.require(maxConnections, in: Self.counts, "--max-connections")
        try Self.require(maxConnectionsPerAddress, in: Self.counts, "--max-connections-per-address")
        try Self.require(idleTimeout, in: Self.timeouts, "--idle-timeout")
        try Self.require(headerTimeout, in: Self.timeouts, "--header-timeout")
        try Self.require(stallTimeout, in: Self.timeouts, "--stall-timeout")
        guard minChunkSize.bytes <= maxChunkSize.bytes else {
            throw ValidationError(
                "--min-chunk-size (\(minChunkSize)) must not exceed --max-chunk-size (\(maxChunkSize))"
            )
        }
        try Self.require(uploadLifetime, in: Self.lifetimes, "--upload-lifetime")
    }

    private static func require(_ count: Int?, in counts: ClosedRange<Int>, _ option: String) throws {
        guard let count, !counts.contains(count) else { return }
        throw ValidationError("\(option) must be \(counts.lowerBound) to \(counts.upperBound), not \(count)")
    }

    private static func require(_ size: ByteCount, in sizes: ClosedRange<Int64>, _ option: String) throws {
        guard sizes.contains(size.bytes) else {
            let range = "\(ByteCount(sizes.lowerBound)) to \(ByteCount(sizes.upperBound))"
            throw ValidationError("\(option) must be \(range), not \(size)")
        }
    }
}

extension ServeLimits {
    var store: Store.Options {
        var options = Store.Options()
        options.segmentByteCountMax = segmentSize.bytes
        options.frameCacheByteCountMax = Int(frameCache.bytes)
        options.reserveByteCount = reserve.bytes
        options.retention = retain.events
        options.maintainsItself = true
        return options
    }

    var blobs: BlobStore.Options {
        var options = BlobStore.Options()
        if let maxUploadSize { options.fileByteCountMax = maxUploadSize.bytes }
        options.chunkByteCountMin = Int(minChunkSize.bytes)
        options.chunkByteCountMax = Int(maxChunkSize.bytes)
        let standard = max(options.chunkByteCountDefault, options.chunkByteCountMin)
        options.chunkByteCountDefault = min(standard, options.chunkByteCountMax)
        options.uploadLifetime = .seconds(uploadLifetime * 3600)
        options.unfinishedUploadCountMax = maxUnfinishedUploads
        options.unfinishedUploadCountPerOwnerMax = maxUnfinishedUploadsPerAddress
        options.unfinishedByteCountMax = maxUnfinishedBytes?.bytes
        return options
    }

    /// Returns the number of connections for which there are enough files: each may need two more for an upload.
    func connectionCountMax(fileCountMax: UInt64) -> Int {
        min(maxConnections, max(1, Int(clamping: fileCountMax / 3)))
    }

    func server(_ address: ListenAddress, fileCountMax: UInt64) -> ServerOptions {
        var options = ServerOptions()
        options.connections.countMax = connectionCountMax(fileCountMax: fileCountMax)
        options.connections.countPerAddressMax = maxConnectionsPerAddress
        options.connections.idleTimeout = .seconds(idleTimeout)
        options.connections.headTimeout = .seconds(headerTimeout)
        options.connections.stallTimeout = .seconds(stallTimeout)
        options.connections.byteRateMin = Int(minRate.bytes)
        options.host = address.host
        options.port = address.port
        options.bodyByteCountMax = Int(maxBodySize.bytes)
        options.modelRetention = retain.models
        options.freeByteCountMin = max(segmentSize.bytes, maxUploadSize?.bytes ?? 0)
        options.packageCountMax = retain.packageCountMax
        return options
    }
}
