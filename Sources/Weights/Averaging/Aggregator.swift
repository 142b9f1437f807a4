/// A model that a participant trained, and how much it counts.
package struct WeightedUpdate: Sendable {
    package let model: ModelFile
    /// Usually the number of examples it was trained on; positive, need not be whole.
    package let weight: Double

    package init(_ model: ModelFile, weight: Double) {
        self.model = model
        self.weight = weight
    }
}

/// Makes one model out of many.
package protocol Aggregator: Sendable {
    /// The name a session asks for it by.
    var name: String { get }

    /// Checks that the updates fit together and lays out what they become; reads none of their data.
    ///
    /// The order of the updates counts: sums of floats depend on it. `modelID` is what a container says it is; a bare
    /// archive has no room for it.
    ///
    /// - Throws: `.noUpdates`, or `.update` with the place of the first update that cannot be taken and why.
    func aggregate(_ updates: [WeightedUpdate], modelID: String) throws(WeightsError) -> AggregatedModel
}

/// The model that some updates become, laid out but not yet computed.
package struct AggregatedModel: Sendable {
    package let kind: ModelFile.Kind
    package let format: WeightsFormat
    /// Of the whole file, known before its first byte is made.
    package let byteCount: Int64
    let open: @Sendable () -> any ByteStream

    /// The bytes from the first on; may be asked for again, and then gives the same.
    package func bytes() -> AggregatedBytes {
        AggregatedBytes(open())
    }

    /// Computes the model and writes it; blocks.
    ///
    /// - Throws: `.update` with the place of an update whose bytes do not verify: what was written by then is worthless.
    ///   `.unwritable` from the sink.
    package func write(to sink: some ByteSink) throws(WeightsError) {
        let stream = open()
        while let bytes = try stream.next() {
            var failure: WeightsError?
            bytes.withUnsafeBytes { bytes in
                do throws(WeightsError) { try sink.write(bytes) } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }
}

/// The bytes of an aggregated model, computed as they are asked for.
///
/// Used by one task at a time, on any thread that may block.
package final class AggregatedBytes: @unchecked Sendable {
    private let stream: any ByteStream

    init(_ stream: any ByteStream) {
        self.stream = stream
    }

    /// Returns the next bytes, at most 512 KiB of array, never none; nil at the end.
    ///
    /// - Throws: As ``AggregatedModel/write(to:)``; then nothing more comes that is worth anything.
    package func next() throws(WeightsError) -> [UInt8]? {
        try stream.next()
    }
}
