"""The control flow of a compiled kernel: its main loop, and the share of multiply-adds in it.

A vendor's reader (nvidia.py, amd.py, intel.py) makes a Code of the compiler's listing."""

from collections import Counter
from dataclasses import dataclass, field

NARROW = 64  # bits; a matrix that is not aligned to vectors is read by narrower loads


@dataclass(frozen=True)
class Instruction:
    """One issue slot."""

    multiplies: bool = False  # a multiply-add of floats
    targets: tuple = ()  # labels to which it may branch
    falls: bool = True  # the next instruction may follow
    access: tuple = None  # (space, direction, bits): space is global or scratch


@dataclass
class Code:
    """A function's instructions, and the index of each label."""

    instructions: list = field(default_factory=list)
    labels: dict = field(default_factory=dict)

    def widths(self, direction):
        """How many accesses of global memory have each width in bits."""
        accesses = (one.access for one in self.instructions if one.access)
        return Counter(
            bits for space, way, bits in accesses if (space, way) == ("global", direction)
        )


def blocks_of(code):
    """Basic blocks as ranges, and each one's successors."""
    count = len(code.instructions)
    starts = {0} | {index for index in code.labels.values() if index < count}
    for index, one in enumerate(code.instructions):
        if (one.targets or not one.falls) and index + 1 < count:
            starts.add(index + 1)
    order = sorted(starts)
    number = {start: i for i, start in enumerate(order)}
    blocks = [range(start, end) for start, end in zip(order, [*order[1:], count])]
    after = []
    for i, block in enumerate(blocks):
        last = code.instructions[block[-1]]
        found = {code.labels[label] for label in last.targets if label in code.labels}
        following = {number[start] for start in found if start in number}
        if last.falls and i + 1 < len(blocks):
            following.add(i + 1)
        after.append(following)
    return blocks, after


def reverse(after):
    before = [set() for _ in after]
    for block, following in enumerate(after):
        for one in following:
            before[one].add(block)
    return before


def reach(start, edges, inside):
    """The blocks of `inside` to which edges lead from the blocks `start`."""
    found, waiting = set(), [block for block in start if block in inside]
    while waiting:
        block = waiting.pop()
        if block not in found:
            found.add(block)
            waiting += edges[block] & inside
    return found


def dominators(after, before):
    """Of each reachable block, the blocks through which every path to it leads (Cooper, Harvey and
    Kennedy: "A Simple, Fast Dominance Algorithm")."""
    order, seen, waiting = [], {0}, [(0, iter(after[0]))]
    while waiting:
        block, rest = waiting[-1]
        following = next((one for one in rest if one not in seen), None)
        if following is None:
            order.append(waiting.pop()[0])
        else:
            seen.add(following)
            waiting.append((following, iter(after[following])))
    rank = {block: i for i, block in enumerate(order)}
    parent, changed = {0: 0}, True
    while changed:
        changed = False
        for block in reversed(order[:-1]):
            known = [one for one in before[block] if one in parent]
            new = known[0]
            for other in known[1:]:
                while new != other:
                    if rank[new] < rank[other]:
                        new = parent[new]
                    else:
                        other = parent[other]
            changed = changed or parent.get(block) != new
            parent[block] = new
    return parent


def dominates(parent, above, block):
    while block != above and block != parent[block]:
        block = parent[block]
    return block == above


def loops_of(after):
    """Natural loops: pairs of the head and the set of blocks."""
    before = reverse(after)
    parent = dominators(after, before)
    latches = {}
    for block in parent:
        for head in after[block]:
            if dominates(parent, head, block):
                latches.setdefault(head, set()).add(block)
    reachable = set(parent)
    return [
        (head, {head} | reach(ends, before, reachable - {head})) for head, ends in latches.items()
    ]


def main_loop(code):
    """(slots, multiply-adds) of the loop with the most multiply-adds; None if no loop has any.

    Of loops with equally many, the shortest. Only the paths through it that run if all matrices are
    aligned are counted: blocks with narrow loads or with scratch are left out, and so are blocks
    that only lead to or from them. If no path remains, all blocks are counted."""
    if not code.instructions:
        return None
    blocks, after = blocks_of(code)

    def slots(some):
        return sum(len(blocks[block]) for block in some)

    def multiplies(some):
        return sum(code.instructions[i].multiplies for block in some for i in blocks[block])

    loops = [loop for loop in loops_of(after) if multiplies(loop[1])]
    if not loops:
        return None
    head, body = max(loops, key=lambda loop: (multiplies(loop[1]), -slots(loop[1])))

    def is_narrow(block):
        for i in blocks[block]:
            space, direction, bits = code.instructions[i].access or ("", "", 0)
            if space == "scratch" or (direction == "load" and bits < NARROW):
                return True
        return False

    wide = {block for block in body if not is_narrow(block)}
    ends = {block for block in body if head in after[block]}
    path = reach({head}, after, wide) & reach(ends, reverse(after), wide)
    counted = path or body
    return slots(counted), multiplies(counted)
