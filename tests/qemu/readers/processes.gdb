# The processes of a dump, and the bytes of its log.
set max-value-size unlimited
set print elements 0
set $offset = (unsigned long)&((struct task_struct *)0)->tasks
set $entry = init_task.tasks.next
while $entry != &init_task.tasks
    set $task = (struct task_struct *)((char *)$entry - $offset)
    printf "%d %s %p %#lx\n", $task->pid, $task->comm, $task->mm, $task->thread.sp
    set $entry = $entry->next
end
set $ring = &prb->text_data_ring
output/x *$ring->data@(1 << $ring->size_bits)
