/// The mean of an array that some updates store in Fortran order and others in C order.
///
/// Corresponding elements are then far apart in the files, so the mean of this array is held in memory as a whole, and
/// the updates are added to it one after the other. This is rare: participants that run the same code write the same
/// order.
final class MixedMean: MeanElements {
    private let mean: ArrayMean
    private let step: MeanStep
    /// The whole mean, in C order.
    private let means: UnsafeMutableRawBufferPointer
    /// One step of the mean, in the order of an update.
    private let gathered: UnsafeMutableRawBufferPointer
    private var position = 0

    init(_ mean: ArrayMean) throws(WeightsError) {
        self.mean = mean
        step = MeanStep(mean.rule)
        let width = mean.rule.summed.byteCount
        means = .allocate(byteCount: mean.result.elementCount * width, alignment: 64)
        gathered = .allocate(byteCount: MeanStep.elementCountMax * width, alignment: 64)
        for update in mean.models.indices { try add(update) }
    }

    deinit {
        means.deallocate()
        gathered.deallocate()
    }

    func next() -> [UInt8]? {
        let count = min(MeanStep.elementCountMax, mean.result.elementCount - position)
        guard count > 0 else { return nil }
        defer { position += count }
        return step.result(of: UnsafeRawBufferPointer(slice(position, count)))
    }

    private func add(_ update: Int) throws(WeightsError) {
        let array = mean.models[update].arrays[mean.index]
        let reader = try mean.reader(ofUpdate: update)
        var walk = FortranWalk(array.shape)
        var position = 0
        while position < array.elementCount {
            let count = min(MeanStep.elementCountMax, array.elementCount - position)
            do throws(WeightsError) { try step.read(count, of: array, from: reader) } catch {
                throw .update(update, error)
            }
            if array.isTransposed {
                let positions = walk.next(count)
                gather(positions)
                add(update, to: gathered)
                scatter(positions)
            } else {
                add(update, to: slice(position, count))
            }
            position += count
        }
    }

    private func add(_ update: Int, to sum: UnsafeMutableRawBufferPointer) {
        guard update > 0 else { return sum.copyMemory(from: step.summands) }
        step.add(to: sum, weight: mean.weights.weights[update], sum: mean.weights.sums[update])
    }

    private func slice(_ position: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
        let width = mean.rule.summed.byteCount
        return UnsafeMutableRawBufferPointer(rebasing: means[(position * width)..<((position + count) * width)])
    }

    private func gather(_ positions: [Int]) {
        switch mean.rule.summed.byteCount {
        case 2: gather(positions, UInt16.self)
        case 4: gather(positions, UInt32.self)
        default: gather(positions, UInt64.self)
        }
    }

    private func gather<Word: BitwiseCopyable>(_ positions: [Int], _: Word.Type) {
        let means: UnsafeMutableBufferPointer<Word> = means.elements()
        let gathered: UnsafeMutableBufferPointer<Word> = gathered.elements()
        for (index, position) in positions.enumerated() { gathered[index] = means[position] }
    }

    private func scatter(_ positions: [Int]) {
        switch mean.rule.summed.byteCount {
        case 2: scatter(positions, UInt16.self)
        case 4: scatter(positions, UInt32.self)
        default: scatter(positions, UInt64.self)
        }
    }

    private func scatter<Word: BitwiseCopyable>(_ positions: [Int], _: Word.Type) {
        let means: UnsafeMutableBufferPointer<Word> = means.elements()
        let gathered: UnsafeMutableBufferPointer<Word> = gathered.elements()
        for (index, position) in positions.enumerated() { means[position] = gathered[index] }
    }
}

/// Iterates over an array in Fortran order and yields the C-order position of each element.
struct FortranWalk {
    private let shape: [Int]
    private let strides: [Int]
    private var indices: [Int]
    private var position = 0

    init(_ shape: [Int]) {
        self.shape = shape
        indices = [Int](repeating: 0, count: shape.count)
        var strides = [Int](repeating: 1, count: shape.count)
        for dimension in shape.indices.dropLast().reversed() {
            strides[dimension] = strides[dimension + 1] * shape[dimension + 1]
        }
        self.strides = strides
    }

    /// Returns the C-order positions of the next `count` elements.
    mutating func next(_ count: Int) -> [Int] {
        var positions: [Int] = []
        positions.reserveCapacity(count)
        for _ in 0..<count {
            positions.append(position)
            advance()
        }
        return positions
    }

    private mutating func advance() {
        for dimension in shape.indices {
            indices[dimension] += 1
            position += strides[dimension]
            guard indices[dimension] == shape[dimension] else { return }
            position -= strides[dimension] * shape[dimension]
            indices[dimension] = 0
        }
    }
}
