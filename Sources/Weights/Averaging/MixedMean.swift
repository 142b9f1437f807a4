/// The mean of an array that some updates hold in Fortran order and some in the plain one.
///
/// The elements that belong together are far apart in the files then, so the mean is held in memory, this one array, and
/// the updates are read into it one after the other. Rare: participants that run the same code write the same order.
final class MixedMean: MeanElements {
    private let mean: ArrayMean
    private let step: MeanStep
    /// In the plain order.
    private let means: UnsafeMutableRawBufferPointer
    /// A step of it, in an update's order.
    private let gathered: UnsafeMutableRawBufferPointer
    private var position = 0

    init(_ mean: ArrayMean) throws(WeightsError) {
        self.mean = mean
        step = MeanStep(mean.rule)
        let width = mean.rule.summed.byteCount
        means = .allocate(byteCount: mean.result.elementCount * width, alignment: 64)
        gathered = .allocate(byteCount: MeanStep.elementCountMax * width, alignment: 64)
        for update in mean.models.indices { try take(update) }
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

    private func take(_ update: Int) throws(WeightsError) {
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
                let places = walk.next(count)
                gather(places)
                mix(update, into: gathered)
                scatter(places)
            } else {
                mix(update, into: slice(position, count))
            }
            position += count
        }
    }

    private func mix(_ update: Int, into sum: UnsafeMutableRawBufferPointer) {
        guard update > 0 else { return sum.copyMemory(from: step.summands) }
        step.add(to: sum, weight: mean.weights.weights[update], sum: mean.weights.sums[update])
    }

    private func slice(_ position: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
        let width = mean.rule.summed.byteCount
        return UnsafeMutableRawBufferPointer(rebasing: means[(position * width)..<((position + count) * width)])
    }

    private func gather(_ places: [Int]) {
        switch mean.rule.summed.byteCount {
        case 2: gather(places, UInt16.self)
        case 4: gather(places, UInt32.self)
        default: gather(places, UInt64.self)
        }
    }

    private func gather<Word: BitwiseCopyable>(_ places: [Int], _: Word.Type) {
        let means: UnsafeMutableBufferPointer<Word> = means.elements()
        let gathered: UnsafeMutableBufferPointer<Word> = gathered.elements()
        for (index, place) in places.enumerated() { gathered[index] = means[place] }
    }

    private func scatter(_ places: [Int]) {
        switch mean.rule.summed.byteCount {
        case 2: scatter(places, UInt16.self)
        case 4: scatter(places, UInt32.self)
        default: scatter(places, UInt64.self)
        }
    }

    private func scatter<Word: BitwiseCopyable>(_ places: [Int], _: Word.Type) {
        let means: UnsafeMutableBufferPointer<Word> = means.elements()
        let gathered: UnsafeMutableBufferPointer<Word> = gathered.elements()
        for (index, place) in places.enumerated() { means[place] = gathered[index] }
    }
}

/// Walks over an array with the first index fastest, and tells where each element stands with the last one fastest.
struct FortranWalk {
    private let shape: [Int]
    private let strides: [Int]
    private var indices: [Int]
    private var place = 0

    init(_ shape: [Int]) {
        self.shape = shape
        indices = [Int](repeating: 0, count: shape.count)
        var strides = [Int](repeating: 1, count: shape.count)
        for dimension in shape.indices.dropLast().reversed() {
            strides[dimension] = strides[dimension + 1] * shape[dimension + 1]
        }
        self.strides = strides
    }

    /// The places of the next `count` elements.
    mutating func next(_ count: Int) -> [Int] {
        var places: [Int] = []
        places.reserveCapacity(count)
        for _ in 0..<count {
            places.append(place)
            advance()
        }
        return places
    }

    private mutating func advance() {
        for dimension in shape.indices {
            indices[dimension] += 1
            place += strides[dimension]
            guard indices[dimension] == shape[dimension] else { return }
            place -= strides[dimension] * shape[dimension]
            indices[dimension] = 0
        }
    }
}
