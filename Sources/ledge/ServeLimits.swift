internal import API
internal import ArgumentParser
internal import Blobs
internal import Inspection
internal import Store

/// How much the server takes, as options of ``Serve``; the defaults are those of the rooms.
struct ServeLimits: ParsableArguments {
    @Option(help: ArgumentHelp("Largest file.", valueName: "size"))
    var maxUploadSize = ByteCount(BlobStore.Options().fileByteCountMax)

    @Option(help: ArgumentHelp("Smallest chunk size handed out.", valueName: "size"))
    var minChunkSize = ByteCount(Int64(BlobStore.Options().chunkByteCountMin))

    @Option(help: ArgumentHelp("Largest chunk taken.", valueName: "size"))
    var maxChunkSize = ByteCount(Int64(BlobStore.Options().chunkByteCountMax))

    @Option(help: ArgumentHelp("Hours after which an upload that nobody goes on with is removed.", valueName: "hours"))
    var uploadLifetime = Int(BlobStore.Options().uploadLifetime / .seconds(3600))

    @Option(help: ArgumentHelp("Uploads that are unfinished, or not used yet, at once.", valueName: "count"))
    var maxUnfinishedUploads = BlobStore.Options().unfinishedUploadCountMax

    @Option(
        help: ArgumentHelp(
            "Of those, how many of one address. Not for a server behind a proxy, whose clients share its address.",
            valueName: "count"
        )
    )
    var maxUnfinishedUploadsPerAddress: Int?

    @Option(help: ArgumentHelp("What all of those may have declared together.", valueName: "size"))
    var maxUnfinishedBytes: ByteCount?

    @Option(help: ArgumentHelp("Length at which a segment of a log is closed.", valueName: "size"))
    var segmentSize = ByteCount(Store.Options().segmentByteCountMax)

    @Option(
        help: ArgumentHelp("Memory for decompressed records that were read a moment ago.", valueName: "size")
    )
    var frameCache = ByteCount(Int64(Store.Options().frameCacheByteCountMax))

    @Option(
        help: ArgumentHelp(
            "How long a collection of events keeps them: age:30d, bytes:10GiB, count:1000000, or several with commas. "
                + "Whole segments go, the oldest first, as soon as one rule no longer needs them. May be repeated; "
                + "without it everything is kept.",
            valueName: "collection=rule"
        ),
        transform: { try RetentionArgument(parsing: $0) }
    )
    var retain: [RetentionArgument] = []

    @Option(
        help: ArgumentHelp(
            "Disk space kept back, so that things can be removed when the disk is full; 0 for none.",
            valueName: "size"
        )
    )
    var reserve = ByteCount(16 << 20)

    @Option(help: ArgumentHelp("Longest JSON or form body.", valueName: "size"))
    var maxBodySize = ByteCount(Int64(ServerOptions().bodyByteCountMax))

    @Option(
        help: ArgumentHelp(
            "Connections at once, and at most a third of the files the process may open. One more takes the place of the "
                + "one that has been idle longest.",
            valueName: "count"
        )
    )
    var maxConnections = ConnectionLimits().countMax

    @Option(
        help: ArgumentHelp(
            "Of those, how many of one address. Not for a server behind a proxy, whose clients share its address.",
            valueName: "count"
        )
    )
    var maxConnectionsPerAddress: Int?

    @Option(help: ArgumentHelp("Seconds a connection may wait for its next request.", valueName: "seconds"))
    var idleTimeout = Int(ConnectionLimits().idleTimeout / .seconds(1))

    @Option(help: ArgumentHelp("Seconds the head of a request may take.", valueName: "seconds"))
    var headerTimeout = Int(ConnectionLimits().headTimeout / .seconds(1))

    @Option(
        help: ArgumentHelp("Seconds in which a body, or an answer, has to keep to --min-rate.", valueName: "seconds")
    )
    var stallTimeout = Int(ConnectionLimits().stallTimeout / .seconds(1))

    @Option(help: ArgumentHelp("Bytes a second a client has to send, or take.", valueName: "size"))
    var minRate = ByteCount(Int64(ConnectionLimits().byteRateMin))

    /// What arrives is held in frames until it is written, so chunks bound memory.
    private static let chunkSizes: ClosedRange<Int64> = 1...1 << 30
    /// Places in a segment have 32 bits, and the last record goes past the limit.
    private static let segmentSizes: ClosedRange<Int64> = 4 << 10...1 << 30
    /// A frame or two, and what a machine may have.
    private static let frameCacheSizes: ClosedRange<Int64> = 1 << 20...1 << 40
    /// More than a group of deletions takes, or none.
    private static let reserveSizes: ClosedRange<Int64> = 1 << 20...1 << 40
    /// A document and what is written around it fit a record.
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
            throw ValidationError("--min-chunk-size is above --max-chunk-size")
        }
        guard Self.lifetimes.contains(uploadLifetime) else {
            throw ValidationError("--upload-lifetime is 1 to \(Self.lifetimes.upperBound) hours")
        }
    }

    private static func require(_ count: Int?, in counts: ClosedRange<Int>, _ option: String) throws {
        guard count.map(counts.contains) ?? true else {
            throw ValidationError("\(option) is \(counts.lowerBound) to \(counts.upperBound)")
        }
    }

    private static func require(_ size: ByteCount, in sizes: ClosedRange<Int64>, _ option: String) throws {
        guard sizes.contains(size.bytes) else {
            let range = "\(ByteCount(sizes.lowerBound)) to \(ByteCount(sizes.upperBound))"
            throw ValidationError("\(option) is \(range), not \(size)")
        }
    }
}

extension ServeLimits {
    var store: Store.Options {
        var options = Store.Options()
        options.segmentByteCountMax = segmentSize.bytes
        options.frameCacheByteCountMax = Int(frameCache.bytes)
        options.reserveByteCount = reserve.bytes
        options.retention = retain.retention
        options.maintainsItself = true
        return options
    }

    var blobs: BlobStore.Options {
        var options = BlobStore.Options()
        options.fileByteCountMax = maxUploadSize.bytes
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

    /// How many connections leave files enough: a download takes one beside its connection, an upload two.
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
        return options
    }
}
