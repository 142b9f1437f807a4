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

    @Option(help: ArgumentHelp("Longest JSON or form body.", valueName: "size"))
    var maxBodySize = ByteCount(Int64(ServerOptions().bodyByteCountMax))

    /// What arrives is held in frames until it is written, so chunks bound memory.
    private static let chunkSizes: ClosedRange<Int64> = 1...1 << 30
    /// Places in a segment have 32 bits, and the last record goes past the limit.
    private static let segmentSizes: ClosedRange<Int64> = 4 << 10...1 << 30
    /// A frame or two, and what a machine may have.
    private static let frameCacheSizes: ClosedRange<Int64> = 1 << 20...1 << 40
    /// A document and what is written around it fit a record.
    private static let bodySizes: ClosedRange<Int64> = 1 << 10...8 << 20
    private static let lifetimes = 1...24 * 365

    mutating func validate() throws {
        try Self.require(minChunkSize, in: Self.chunkSizes, "--min-chunk-size")
        try Self.require(maxChunkSize, in: Self.chunkSizes, "--max-chunk-size")
        try Self.require(segmentSize, in: Self.segmentSizes, "--segment-size")
        try Self.require(frameCache, in: Self.frameCacheSizes, "--frame-cache")
        try Self.require(maxBodySize, in: Self.bodySizes, "--max-body-size")
        guard minChunkSize.bytes <= maxChunkSize.bytes else {
            throw ValidationError("--min-chunk-size is above --max-chunk-size")
        }
        guard Self.lifetimes.contains(uploadLifetime) else {
            throw ValidationError("--upload-lifetime is 1 to \(Self.lifetimes.upperBound) hours")
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
        return options
    }

    func server(_ address: ListenAddress) -> ServerOptions {
        var options = ServerOptions()
        options.host = address.host
        options.port = address.port
        options.bodyByteCountMax = Int(maxBodySize.bytes)
        return options
    }
}
