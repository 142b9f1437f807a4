/// A participant's trained model and its weight in the mean.
package struct WeightedUpdate: Sendable {
    package let model: ModelFile
    /// Usually the number of training examples; positive, may be fractional.
    package let weight: Double

    package init(_ model: ModelFile, weight: Double) {
        self.model = model
        self.weight = weight
    }
}

/// Aggregates the updates of a round into one model.
package protocol Aggregator: Sendable {
    /// The name of the aggregator in a session's configuration.
    var name: String { get }

    /// Checks that the updates have the same format, shapes and types, and lays out the result; reads no array data.
    ///
    /// The order of the updates matters: sums of floats depend on it. A container stores `modelID` in its metadata;
    /// other formats do not store it.
    ///
    /// - Throws: `.noUpdates`, or `.update` with the index of the first invalid update and its error.
    func aggregate(_ updates: [WeightedUpdate], modelID: String) throws(WeightsError) -> AggregatedModel
}

/// The result of an aggregation: laid out, and computed while it is read.
package struct AggregatedModel: Sendable {
    package let kind: ModelFile.Kind
    package let format: WeightsFormat
    /// Bytes of the whole file, known before the first one is computed.
    package let byteCount: Int64
    let open: @Sendable () -> any ByteStream

    /// Returns a new stream of the file's bytes; every stream has the same bytes.
    package func bytes() -> AggregatedBytes {
        AggregatedBytes(open())
    }

    /// Computes the model and writes it; blocks.
    ///
    /// - Throws: `.update` with the index of an update that is damaged, or `.unwritable` from the sink. The output is
    ///   then incomplete.
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

/// The bytes of an aggregated model, computed on demand.
///
/// For one task at a time, on a thread that may block.
package final class AggregatedBytes: @unchecked Sendable {
    private let stream: any ByteStream

    init(_ stream: any ByteStream) {
        self.stream = stream
    }

    /// Returns the next bytes, at most 512 KiB of an array and never empty; nil at the end.
    ///
    /// - Throws: As ``AggregatedModel/write(to:)``; the stream cannot be used afterwards.
    package func next() throws(WeightsError) -> [UInt8]? {
        try stream.next()
    }
}
