/// The mean of one array over all updates, before it is computed.
struct ArrayMean: Sendable {
    let models: [ModelFile]
    let weights: RunningWeights
    /// The index of the array in each model.
    let index: Int
    let rule: MeanRule
    /// The averaged array, always with little-endian elements.
    ///
    /// As in numpy it is in Fortran order if all updates are, otherwise in C order.
    let result: ArrayDescriptor

    /// - Precondition: the arrays have the same shape and the same type, which is not boolean.
    init(_ index: Int, of models: [ModelFile], _ weights: RunningWeights) {
        self.models = models
        self.weights = weights
        self.index = index
        let first = models[0].arrays[index]
        rule = MeanRule(first.elementType, models[0].format, updateCount: models.count)
        let result = ArrayDescriptor(
            rule.written,
            shape: first.shape,
            isFortranOrder: models.allSatisfy { $0.arrays[index].isTransposed }
        )
        guard let result else { preconditionFailure("the size of the mean overflows") }
        self.result = result
    }

    /// Whether some updates store the array in another order than the result.
    var isMixed: Bool {
        models.contains { $0.arrays[index].isTransposed != result.isTransposed }
    }

    /// Opens the array in one update.
    func reader(ofUpdate update: Int) throws(WeightsError) -> any SequentialReader {
        do throws(WeightsError) { return try models[update].locations[index].open() } catch {
            throw .update(update, error)
        }
    }
}

/// The bytes of a mean array: its header, then its elements in steps.
final class MeanStream: ByteStream {
    private let mean: ArrayMean
    private var header: [UInt8]?
    private var elements: (any MeanElements)?

    init(_ mean: ArrayMean, header: [UInt8]) {
        self.mean = mean
        self.header = header.isEmpty ? nil : header
    }

    func next() throws(WeightsError) -> [UInt8]? {
        if let header = header.take() { return header }
        guard mean.result.elementCount > 0 else { return nil }
        if elements == nil { elements = try mean.isMixed ? MixedMean(mean) : LockstepMean(mean) }
        return try elements?.next()
    }
}

/// Computes the elements of a mean array, from the first to the last.
protocol MeanElements: ByteStream {}

/// Reads all updates in parallel, a step of each at a time; the usual case.
final class LockstepMean: MeanElements {
    private let mean: ArrayMean
    private let readers: [any SequentialReader]
    private let step: MeanStep
    private var rest: Int

    init(_ mean: ArrayMean) throws(WeightsError) {
        self.mean = mean
        var readers: [any SequentialReader] = []
        for update in mean.models.indices { readers.append(try mean.reader(ofUpdate: update)) }
        self.readers = readers
        step = MeanStep(mean.rule)
        rest = mean.result.elementCount
    }

    func next() throws(WeightsError) -> [UInt8]? {
        guard rest > 0 else { return nil }
        let count = min(rest, MeanStep.elementCountMax)
        for update in readers.indices {
            let array = mean.models[update].arrays[mean.index]
            do throws(WeightsError) {
                try step.read(count, of: array, from: readers[update])
            } catch {
                throw .update(update, error)
            }
            if update == 0 {
                step.begin()
            } else {
                step.add(weight: mean.weights.weights[update], sum: mean.weights.sums[update])
            }
        }
        rest -= count
        return step.result()
    }
}
