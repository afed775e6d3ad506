namespace OrleansJobGrid.Grains.Queues;

/// <summary>What stands in an <see cref="IndexedHeap{T,TOrder}"/> and knows its place there; an item stands in one heap at most.</summary>
internal interface IHeapItem
{
    /// <summary>Its place in the heap; -1: in none.</summary>
    int HeapIndex { get; set; }
}

/// <summary>A binary heap whose items know their place, so that any of them can leave, or move when its order changes, in O(log n).</summary>
internal sealed class IndexedHeap<T, TOrder>(TOrder order)
    where T : class, IHeapItem
    where TOrder : struct, IComparer<T>
{
    private const int SmallCapacity = 16;

    private T[] _items = [];

    public int Count { get; private set; }

    /// <summary>The first in order; null: empty.</summary>
    public T? First => Count == 0 ? null : _items[0];

    public void Add(T item)
    {
        if (Count == _items.Length)
            Array.Resize(ref _items, Math.Max(4, Count + (Count >> 1)));
        Up(item, Count++);
    }

    public void Remove(T item)
    {
        var index = item.HeapIndex;
        item.HeapIndex = -1;
        var last = _items[--Count];
        _items[Count] = null!;
        if (index < Count)
            Place(last, index);
        if (Count * 4 < _items.Length && _items.Length > SmallCapacity)
            Array.Resize(ref _items, Math.Max(SmallCapacity, Count * 2));
    }

    /// <summary>The item's order is another one now.</summary>
    public void Moved(T item) => Place(item, item.HeapIndex);

    /// <summary>How many items come before this one (which may stand in another heap), up to a most.</summary>
    public int CountBefore(T limit, int most)
    {
        if (Count == 0 || most <= 0)
            return 0;
        var (counted, open) = (0, new Stack<int>());
        open.Push(0);
        while (open.TryPop(out var index))
        {
            if (index >= Count || order.Compare(_items[index], limit) >= 0)
                continue;
            if (++counted >= most)
                break;
            open.Push((2 * index) + 1);
            open.Push((2 * index) + 2);
        }

        return counted;
    }

    /// <summary>The first in order that a test accepts; looks at no more items than come before it.</summary>
    public T? FirstThat(Func<T, bool> accepts)
    {
        if (Count == 0)
            return null;
        var open = new PriorityQueue<int, T>(order);
        open.Enqueue(0, _items[0]);
        while (open.TryDequeue(out var index, out var item))
        {
            if (accepts(item))
                return item;
            for (var child = (2 * index) + 1; child <= (2 * index) + 2 && child < Count; child++)
                open.Enqueue(child, _items[child]);
        }

        return null;
    }

    /// <summary>All items, in no order.</summary>
    public ReadOnlySpan<T> Items => _items.AsSpan(0, Count);

    private void Place(T item, int index)
    {
        if (index > 0 && order.Compare(item, _items[(index - 1) >> 1]) < 0)
            Up(item, index);
        else
            Down(item, index);
    }

    private void Up(T item, int index)
    {
        while (index > 0)
        {
            var parent = (index - 1) >> 1;
            if (order.Compare(item, _items[parent]) >= 0)
                break;
            Set(_items[parent], index);
            index = parent;
        }

        Set(item, index);
    }

    private void Down(T item, int index)
    {
        while (true)
        {
            var child = (2 * index) + 1;
            if (child >= Count)
                break;
            if (child + 1 < Count && order.Compare(_items[child + 1], _items[child]) < 0)
                child++;
            if (order.Compare(_items[child], item) >= 0)
                break;
            Set(_items[child], index);
            index = child;
        }

        Set(item, index);
    }

    private void Set(T item, int index)
    {
        _items[index] = item;
        item.HeapIndex = index;
    }
}
